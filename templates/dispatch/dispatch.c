/*
 * AutoPass dispatcher (MIT licence): stands where a package loads its addon, and opens the variant beside it that was made for
 * the best ISA level that this processor runs. Compiled with
 *
 *   -DVARIANTS='{"x86-64-v3", "addon.x86-64-v3.node"}, {"x86-64-v1", "addon.x86-64-v1.node"}'    best first
 *   -DEXPORTS='FORWARD(napi_register_module_v1)'     what the variants export of the symbols that Node looks for
 *
 * Modules that register from a static constructor do so while the variant is opened, which happens while Node opens this file.
 * It is linked without libraries, so that it asks for no newer C library than the variants do.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** By this section AutoPass knows its dispatchers, also stripped ones. */
__attribute__((section(".autopass.dispatch"), used)) static const char mark[] = "autopass-dispatch 1";

#if defined(__x86_64__)
#include <cpuid.h>

/* As in src/target/isa.ts; every level includes those before it. `xcr0` is register state that the system must save. */
static const struct level {
  const char *name;
  unsigned leaf1_ecx, leaf7_ebx, extended_ecx, xcr0;
} levels[] = {
    {"x86-64-v1", 0, 0, 0, 0},
    {"x86-64-v2", bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT, 0, bit_LAHF_LM, 0},
    {"x86-64-v3", bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C, bit_BMI | bit_AVX2 | bit_BMI2, bit_LZCNT, 0x6},
    {"x86-64-v4", 0, bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL, 0, 0xe6},
};

static struct level processor;

/** Once: inside virtual machines every cpuid costs microseconds. */
static void ask_processor(void) {
  unsigned eax, ebx, ecx, edx, xcr0 = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) processor.leaf1_ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) processor.leaf7_ebx = ebx;
  if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx)) processor.extended_ecx = ecx;
  /* volatile, because the instruction must not be moved before the question whether there is one. */
  if (processor.leaf1_ecx & bit_OSXSAVE) __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(edx) : "c"(0));
  processor.xcr0 = xcr0;
}

static int has(const struct level *level) {
  return (level->leaf1_ecx & ~processor.leaf1_ecx) == 0 && (level->leaf7_ebx & ~processor.leaf7_ebx) == 0 &&
         (level->extended_ecx & ~processor.extended_ecx) == 0 && (level->xcr0 & ~processor.xcr0) == 0;
}

#elif defined(__aarch64__)
#include <sys/auxv.h>

/* As in src/target/isa.ts. Bits of the kernel's arch/arm64/include/uapi/asm/hwcap.h, which older headers lack in part. */
static const struct level {
  const char *name;
  unsigned long hwcap, hwcap2;
} levels[] = {
    {"armv8-a", 0, 0},
    {"armv8.1-a", 1ul << 8 | 1ul << 12 | 1ul << 7, 0},   /* atomics, asimdrdm, crc32 */
    {"armv8.2-a", 1ul << 16 | 1ul << 9 | 1ul << 10, 0},  /* dcpop, fphp, asimdhp */
    {"armv8.4-a", 1ul << 20 | 1ul << 26 | 1ul << 25, 0}, /* asimddp, ilrcpc, uscat */
    {"armv9-a", 0, 1ul << 1},                            /* sve2 */
};

static struct level processor;

static void ask_processor(void) {
  processor.hwcap = getauxval(AT_HWCAP);
  processor.hwcap2 = getauxval(AT_HWCAP2);
}

static int has(const struct level *level) {
  return (level->hwcap & ~processor.hwcap) == 0 && (level->hwcap2 & ~processor.hwcap2) == 0;
}

#else
#error "no ISA levels are known for this architecture"
#endif

static int runs(const char *name) {
  for (size_t i = 0; i < sizeof levels / sizeof *levels && has(&levels[i]); i++)
    if (strcmp(levels[i].name, name) == 0) return 1;
  return 0;
}

/** Opening a file that is cut off would kill the process. */
static int is_whole(const char *file) {
  Elf64_Ehdr header;
  Elf64_Phdr segment;
  int descriptor = open(file, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  off_t size = lseek(descriptor, 0, SEEK_END);
  int whole = pread(descriptor, &header, sizeof header, 0) == sizeof header && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
              header.e_phnum > 0 && header.e_phentsize == sizeof segment;
  for (int i = 0; whole && i < header.e_phnum; i++) {
    off_t at = (off_t)(header.e_phoff + i * sizeof segment);
    whole = pread(descriptor, &segment, sizeof segment, at) == sizeof segment &&
            (segment.p_type != PT_LOAD || segment.p_offset + segment.p_filesz <= (Elf64_Xword)size);
  }
  close(descriptor);
  return whole;
}

static const struct {
  const char *level, *file;
} variants[] = {VARIANTS};

static void *variant;
static char problem[PATH_MAX + 256];

static void open_beside(const char *own) {
  const char *slash = strrchr(own, '/');
  int length = slash == NULL ? 0 : (int)(slash - own + 1);
  char file[PATH_MAX];
  for (size_t i = 0; variant == NULL && i < sizeof variants / sizeof *variants; i++) {
    int written = snprintf(file, sizeof file, "%.*s%s", length, own, variants[i].file);
    if (written < 0 || (size_t)written >= sizeof file || !runs(variants[i].level)) continue;
    if (is_whole(file)) variant = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
    if (variant != NULL) return;
    const char *why = dlerror();
    snprintf(problem, sizeof problem, "%s: %s", file, why == NULL ? "missing or damaged" : why);
  }
}

__attribute__((constructor)) static void open_best(void) {
  Dl_info info;
  char target[PATH_MAX];
  if (dladdr(mark, &info) == 0) return;
  ask_processor();
  open_beside(info.dli_fname);
  /* Some package managers link single files. */
  if (variant == NULL && realpath(info.dli_fname, target) != NULL) open_beside(target);
  if (variant == NULL) fprintf(stderr, "autopass: no variant of %s can be loaded: %s\n", info.dli_fname, problem);
}

/** Node closes what only a worker had loaded; opened again, static constructors have to run again. At exit this unmaps nothing. */
__attribute__((destructor)) static void close_variant(void) {
  if (variant != NULL) dlclose(variant);
}

/* All that Node looks for takes at most three pointers, and returns a pointer, an int or nothing. */
typedef void *entry(void *, void *, void *);
extern int napi_throw_error(void *, const char *, const char *) __attribute__((weak));

__attribute__((unused)) static void *forward(const char *name, void *first, void *second, void *third) {
  entry *target = variant == NULL ? NULL : (entry *)dlsym(variant, name);
  if (target != NULL) return target(first, second, third);
  if (strcmp(name, "napi_register_module_v1") == 0 && napi_throw_error != NULL)
    napi_throw_error(first, "ERR_DLOPEN_FAILED", problem);
  return NULL;
}

#define FORWARD(name)                                                                                             \
  __attribute__((visibility("default"))) void *name(void *first, void *second, void *third);                      \
  void *name(void *first, void *second, void *third) { return forward(#name, first, second, third); }
EXPORTS
