/*
 * A plugin for QEMU's user mode: counts how often the blocks of code of files below one folder are executed, exactly.
 *
 * The guest marks what is counted by sending signal 0 to a process that cannot exist: number MARK + n begins phase n, MARK ends it. At every
 * mark the counts of the phase that ends are appended to the report and start again from zero. The environment names the files
 * (AUTOPASS_COUNT_BELOW, a real path) and the report (AUTOPASS_COUNT_REPORT). Its lines:
 *   target ARCHITECTURE
 *   file INDEX PATH
 *   phase NUMBER
 *   INDEX OFFSET BYTES INSTRUCTIONS EXECUTIONS     (offset of the block in its file; all decimal)
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK 0x41500000u
#define EXPORT __attribute__((visibility("default")))

/* What is used of QEMU's interface (docs/devel/tcg-plugins). It is the same in versions 1 to 5; distributions ship no header for it. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct info {
  const char *target_name;
};
typedef void syscall_callback(uint64_t id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
                              uint64_t a6, uint64_t a7, uint64_t a8);
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*call)(uint64_t id, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*call)(unsigned cpu, void *data), int flags, void *data);
extern void qemu_plugin_register_vcpu_syscall_cb(uint64_t id, syscall_callback *call);
extern void qemu_plugin_register_vcpu_syscall_ret_cb(uint64_t id, void (*call)(uint64_t id, unsigned cpu, int64_t number, int64_t result));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t index);
extern void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
extern void qemu_plugin_scoreboard_new(void) __attribute__((weak));

/* QEMU loads only plugins of versions that it supports: up to 1 before release 9, 2 or more since then. */
EXPORT int qemu_plugin_version = 1;

__attribute__((constructor)) static void choose_version(void) {
  if (qemu_plugin_scoreboard_new) qemu_plugin_version = 2;
}

struct system {
  const char *target;
  int64_t kill, mmap, munmap, mremap;
};
static const struct system systems[] = {{"aarch64", 129, 222, 215, 216}, {"x86_64", 62, 9, 11, 25}};

struct mapping {
  uintptr_t start, end;
  uint64_t offset;
  unsigned file;
};
struct block {
  unsigned file;
  uint64_t offset, bytes, instructions, executions;
  struct block *next_in_bucket, *next;
};

static const struct system *on;
static const char *folder, *report;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char **files;
static struct mapping *mappings;
static size_t file_count, mapping_count;
static bool mappings_changed = true;
static struct block *blocks, *buckets[1 << 14];
static unsigned phase;

static void *grown(void *list, size_t count, size_t size) {
  void *larger = realloc(list, (count + 1) * size);
  if (larger == NULL) abort();
  return larger;
}

static unsigned file_index(const char *path) {
  for (size_t index = 0; index < file_count; index++)
    if (strcmp(files[index], path) == 0) return index;
  files = grown(files, file_count, sizeof *files);
  files[file_count] = strdup(path);
  return file_count++;
}

/* The emulator maps the guest's files into its own memory, so that its own list of mappings names them. */
static void read_mappings(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  char *line = NULL;
  size_t room = 0, length = strlen(folder);
  mapping_count = 0;
  while (maps != NULL && getline(&line, &room, maps) > 0) {
    char *path = strchr(line, '/');
    uintptr_t start, end;
    uint64_t offset;
    if (path == NULL || strncmp(path, folder, length) != 0 || path[length] != '/') continue;
    path[strcspn(path, "\n")] = 0;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNx64, &start, &end, &offset) != 3) continue;
    mappings = grown(mappings, mapping_count, sizeof *mappings);
    mappings[mapping_count++] = (struct mapping){start, end, offset, file_index(path)};
  }
  free(line);
  if (maps != NULL) fclose(maps);
}

static const struct mapping *mapping_of(uintptr_t address) {
  /* Cleared before reading: a change during the reading is then seen the next time. */
  if (__atomic_exchange_n(&mappings_changed, false, __ATOMIC_ACQ_REL)) read_mappings();
  for (size_t index = 0; index < mapping_count; index++)
    if (address >= mappings[index].start && address < mappings[index].end) return &mappings[index];
  return NULL;
}

/* The emulator translates the same block again when it has thrown its translations away. */
static struct block *block_of(unsigned file, uint64_t offset, uint64_t bytes, uint64_t instructions) {
  size_t slot = (offset * 31 + bytes * 7 + file) % (sizeof buckets / sizeof *buckets);
  struct block *block = buckets[slot];
  while (block != NULL && (block->file != file || block->offset != offset || block->bytes != bytes)) block = block->next_in_bucket;
  if (block != NULL) return block;
  block = grown(NULL, 0, sizeof *block);
  *block = (struct block){file, offset, bytes, instructions, 0, buckets[slot], blocks};
  buckets[slot] = blocks = block;
  return block;
}

static void on_execution(unsigned cpu, void *data) {
  (void)cpu;
  __atomic_fetch_add(&((struct block *)data)->executions, 1, __ATOMIC_RELAXED);
}

static void on_translation(uint64_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  size_t count = qemu_plugin_tb_n_insns(tb);
  if (count == 0) return;
  struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0), *last = qemu_plugin_tb_get_insn(tb, count - 1);
  uintptr_t address = (uintptr_t)qemu_plugin_insn_haddr(first);
  uint64_t bytes = qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last) - qemu_plugin_insn_vaddr(first);
  struct block *block = NULL;
  pthread_mutex_lock(&lock);
  const struct mapping *mapping = mapping_of(address);
  if (mapping != NULL) block = block_of(mapping->file, address - mapping->start + mapping->offset, bytes, count);
  pthread_mutex_unlock(&lock);
  if (block != NULL) qemu_plugin_register_vcpu_tb_exec_cb(tb, on_execution, 0, block);
}

static void begin_phase(unsigned next) {
  pthread_mutex_lock(&lock);
  FILE *out = phase == 0 ? NULL : fopen(report, "a");
  for (size_t index = 0; out != NULL && index < file_count; index++) fprintf(out, "file %zu %s\n", index, files[index]);
  if (out != NULL) fprintf(out, "phase %u\n", phase);
  for (struct block *block = blocks; block != NULL; block = block->next) {
    uint64_t executions = __atomic_exchange_n(&block->executions, 0, __ATOMIC_RELAXED);
    if (out == NULL || executions == 0) continue;
    fprintf(out, "%u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", block->file, block->offset, block->bytes, block->instructions,
            executions);
  }
  if (out != NULL) fclose(out);
  phase = next;
  pthread_mutex_unlock(&lock);
}

static void on_syscall(uint64_t id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
                       uint64_t a6, uint64_t a7, uint64_t a8) {
  (void)id, (void)cpu, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
  if (number == on->kill && ((uint32_t)a1 & 0xffff0000u) == MARK && (uint32_t)a2 == 0) begin_phase((uint32_t)a1 & 0xffffu);
}

static void on_syscall_end(uint64_t id, unsigned cpu, int64_t number, int64_t result) {
  (void)id, (void)cpu, (void)result;
  if (number == on->mmap || number == on->munmap || number == on->mremap) __atomic_store_n(&mappings_changed, true, __ATOMIC_RELEASE);
}

EXPORT int qemu_plugin_install(uint64_t id, const struct info *info, int argc, char **argv) {
  (void)argc, (void)argv;
  for (size_t index = 0; index < sizeof systems / sizeof *systems; index++)
    if (strcmp(info->target_name, systems[index].target) == 0) on = &systems[index];
  folder = getenv("AUTOPASS_COUNT_BELOW");
  report = getenv("AUTOPASS_COUNT_REPORT");
  FILE *out = report == NULL ? NULL : fopen(report, "w");
  if (on == NULL || folder == NULL || out == NULL) {
    fprintf(stderr, "count-blocks: %s\n", on == NULL ? "only for aarch64 and x86_64" : "no folder, or a report that cannot be written");
    return 1;
  }
  fprintf(out, "target %s\n", on->target);
  fclose(out);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
  qemu_plugin_register_vcpu_syscall_ret_cb(id, on_syscall_end);
  return 0;
}
