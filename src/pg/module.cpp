// The module: magic block, settings, and what it adds to a server that loads it at its start.
#include "pg/boundary/settings.hpp"
#include "pg/worker/databases.hpp"
#include "pg/worker/launcher.hpp"

extern "C" {
__attribute__((visibility("default"))) const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);
#ifdef PG_MODULE_MAGIC_EXT
// pg_get_loaded_modules() of PostgreSQL 18 tells these.
PG_MODULE_MAGIC_EXT(.name = "segmentation", .version = SEGMENTATION_VERSION);
#else
PG_MODULE_MAGIC;
#endif

__attribute__((visibility("default"))) void _PG_init(void);
void _PG_init(void) {
  segmentation::pg::define_settings();
  // pg_upgrade wants nobody in its databases but itself.
  if (process_shared_preload_libraries_in_progress && !IsBinaryUpgrade) {
    segmentation::pg::register_launcher();
    segmentation::pg::follow_databases();
  }
}
}
