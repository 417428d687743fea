int sums(const int *a, const int *b, int n) {
  int s = 0;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) s += a[j] * b[i]; /* inner */
    while (s > 1000) {
      s /= 3;
    }
  }
  do {
    s--;
  } while (s & 7);
  return s;
}

int hinted(const int *a, int n) {
  int s = 0;
#pragma clang loop unroll_count(4)
  for (int i = 0; i < n; i++) s += a[i];
  return s;
}
