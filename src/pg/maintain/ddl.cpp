// What event triggers cannot tell in SQL. Server's side.
#include "pg/boundary/session.hpp"

namespace {

bool moves_partitions(const CollectedCommand *command) {
  if (command->type == SCT_Simple)
    return IsA(command->parsetree, CreateStmt) &&
           reinterpret_cast<const CreateStmt *>(command->parsetree)->partbound != nullptr;
  if (command->type != SCT_AlterTable)
    return false;
  ListCell *cell;
  foreach (cell, command->d.alterTable.subcmds) {
    const Node *part = static_cast<CollectedATSubcmd *>(lfirst(cell))->parsetree;
    if (!IsA(part, AlterTableCmd))
      continue;
    AlterTableType type = reinterpret_cast<const AlterTableCmd *>(part)->subtype;
    if (type == AT_AttachPartition || type == AT_DetachPartition || type == AT_DetachPartitionFinalize)
      return true;
  }
  return false;
}

} // namespace

SEGMENTATION_FUNCTION(segmentation_moves_partitions) {
  PG_RETURN_BOOL(moves_partitions(reinterpret_cast<CollectedCommand *>(PG_GETARG_POINTER(0))));
}
