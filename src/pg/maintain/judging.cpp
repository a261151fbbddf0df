// The way from state rows to verdicts. Only reading the shop's rows can fail through somebody's fault, so
// only that stands in a subtransaction. Server's side.
#include "pg/maintain/judging.hpp"

#include "pg/boundary/contain.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/changes/below.hpp"
#include "pg/changes/core_rows.hpp"
#include "pg/changes/deltas.hpp"
#include "pg/changes/image.hpp"
#include "pg/live/feed.hpp"

namespace segmentation::pg {

namespace {

/// One part being judged.
struct Judging {
  const Part *part;
  const Live *live;
  Upkeep *upkeep;
  const std::vector<core::Feed> *feeds;
  int unknown;    // customers whose own rows must be read
  bool reads_own; // this is the reading of their own rows, else that of the others
  bool again;     // this transaction's rows are folded in already
  bool **is_told; // by feed, by new parent: all below it is what this transaction brought
};

const std::vector<NewParent> &new_parents(const Judging &judging, size_t feed) {
  return judging.part->batch->deltas->feed(feed).parents;
}

const StateRow &row_at(const Judging &judging, int index) {
  return judging.part->batch->rows[judging.part->first + index];
}

std::string_view image_of(const Judging &judging, const StateRow &row) {
  if (row.measures == nullptr || row.definitions < judging.live->schema.shrunk)
    return {};
  return {VARDATA(row.measures), VARSIZE(row.measures) - VARHDRSZ};
}

const char *name_of(const Judging &judging, size_t feed) {
  return judging.live->schema.relations[(*judging.feeds)[feed].relation].name;
}

/// Reads rows of a feed for customers of the part, given by index.
void read_rows(const Judging &judging, size_t feed, const int *indexes, int count) {
  const KeyType &key = judging.live->key;
  Datum *keys =
      static_cast<Datum *>(palloc_extended(sizeof(Datum) * static_cast<Size>(count), MCXT_ALLOC_HUGE));
  for (int i = 0; i < count; ++i)
    keys[i] = row_at(judging, indexes[i]).datum;
  Datum array =
      PointerGetDatum(construct_array(keys, count, key.type, key.length, key.by_value, key.alignment));
  run_feed(&judging.upkeep->population(), feed, name_of(judging, feed),
           (*judging.feeds)[feed].select_keyed.c_str(), get_array_type(key.type), array,
           count <= 100 ? Plan::saved : Plan::once);
  pfree(keys);
}

/// Finds a customer of the part by the number that the core gave her.
int *indexes_of(const Judging &judging, const std::vector<uint32> &customers, int *count) {
  int *by_customer = static_cast<int *>(
      palloc_extended(sizeof(int) * static_cast<Size>(judging.part->count + 1), MCXT_ALLOC_HUGE));
  int *indexes = static_cast<int *>(palloc_extended(sizeof(int) * (customers.size() + 1), MCXT_ALLOC_HUGE));
  for (int i = 0; i < judging.part->count; ++i)
    by_customer[i] = -1;
  for (int i = 0; i < judging.part->count; ++i) {
    std::optional<uint32> customer = judging.upkeep->find(row_at(judging, i).key);
    if (customer)
      by_customer[*customer] = i;
  }
  *count = 0;
  for (uint32 customer : customers)
    indexes[(*count)++] = by_customer[customer];
  pfree(by_customer);
  return indexes;
}

/// Tells whether the customer that a row names is one of the part, and her number.
bool find_customer(const Judging &judging, const NetRow &row, int attribute, uint32 *customer) {
  Datum value;
  if (!image_value(row.plan, row.image, attribute, &value))
    return false;
  CustomerKey key = judging.live->key.integer ? comparable(row.plan->attributes[attribute], value)
                                              : core_key(judging.live->key, value);
  std::optional<uint32> found = judging.upkeep->find(key);
  if (found)
    *customer = *found;
  return found.has_value();
}

/// Tells of a new parent whether all below it is what this transaction brought. A foreign key keeps others
/// from bringing anything below a row that is not there for them yet; else an index counts.
bool is_told(const Judging &judging, size_t feed, const NewParent &parent) {
  const RelationInput &child = judging.live->schema.relations[(*judging.feeds)[feed].relation];
  if (!parent.is_whole || child.key_is_enforced)
    return parent.is_whole;
  const FeedEffect &effect = parent.row->plan->effects[feed];
  uint32 customer;
  if (!find_customer(judging, *parent.row, effect.key, &customer))
    return true; // whoever is not of the part is passed over
  Datum value;
  return image_value(parent.row->plan, parent.row->image, effect.parent, &value) &&
         count_by_index(child.relation, child.columns[child.key].name,
                        parent.row->plan->attributes[effect.parent].type, value,
                        parent.below) == parent.below;
}

void tell_parents(Judging *judging) {
  judging->is_told = static_cast<bool **>(palloc0(sizeof(bool *) * (judging->feeds->size() + 1)));
  for (size_t feed = 1; judging->part->batch->deltas != nullptr && feed < judging->feeds->size(); ++feed) {
    const std::vector<NewParent> &parents = new_parents(*judging, feed);
    bool *told = static_cast<bool *>(palloc_extended(parents.size() + 1, MCXT_ALLOC_HUGE));
    for (size_t i = 0; i < parents.size(); ++i)
      told[i] = is_told(*judging, feed, parents[i]);
    judging->is_told[feed] = told;
  }
}

/// Folds rows in, or takes them out.
void apply_rows(const Judging &judging, size_t feed, const std::vector<Delta> &rows, bool come) {
  if (rows.empty())
    return;
  MemoryContext cells =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation batch", ALLOCSET_DEFAULT_SIZES);
  MemoryContext before = MemoryContextSwitchTo(cells);
  Upkeep *upkeep = judging.upkeep;
  core::Batch &batch = upkeep->population().batch(feed);
  auto hand_over = [=, &batch] {
    if (batch.rows == 0)
      return;
    run_core([=](Failure &) {
      if (come)
        upkeep->population().fold(feed);
      else
        upkeep->retract(feed);
    });
    batch.rows = 0;
    MemoryContextReset(cells);
  };
  for (const Delta &delta : rows) {
    if (delta.parent >= 0 && !judging.is_told[feed][delta.parent])
      continue; // is read with the others
    const NetRow *parent =
        delta.parent >= 0 ? new_parents(judging, feed)[static_cast<size_t>(delta.parent)].row : nullptr;
    const NetRow &named = parent != nullptr ? *parent : *delta.row; // which names the customer
    Datum key;
    if (!image_value(named.plan, named.image, named.plan->effects[feed].key, &key))
      continue; // nobody's
    for (uint32 times = 0; times < delta.count; ++times) {
      fill_row(batch, judging.live, feed, named, parent != nullptr ? delta.row : nullptr);
      if (batch.rows == core::Batch::capacity) {
        CHECK_FOR_INTERRUPTS();
        hand_over();
      }
    }
  }
  hand_over();
  MemoryContextSwitchTo(before);
  MemoryContextDelete(cells);
}

/// Lists the customers whose own rows changed, sorted.
KeyList changed_customers(const Judging &judging) {
  const Live *live = judging.live;
  const Deltas *deltas = judging.part->batch->deltas;
  KeyList changed;
  memset(static_cast<void *>(&changed), 0, sizeof changed);
  if (deltas == nullptr)
    return changed;
  for (const NetRow *row : deltas->feed(0).stale) {
    Datum value;
    if (image_value(row->plan, row->image, row->plan->effects[0].key, &value))
      add_keys(&changed, live->key, &value, 1);
  }
  sort_keys(&changed);
  return changed;
}

/// Starts with whom what is kept suffices for; counts the others.
void take_in(Judging *judging) {
  const Part *part = judging->part;
  Upkeep *upkeep = judging->upkeep;
  const Deltas *deltas = part->batch->deltas;
  int *unknown = &judging->unknown;
  const Judging *self = judging;
  const KeyList changed = changed_customers(*judging);
  const KeyList *own = &changed;
  run_core([=](Failure &) {
    upkeep->start(part->batch->instant);
    bool all = deltas == nullptr || deltas->feed(0).all_stale;
    *unknown = 0;
    for (int i = 0; i < part->count; ++i) {
      const StateRow &row = row_at(*self, i);
      // Customers' own rows that changed are read again.
      if (all || has_key(*own, row.key) || !upkeep->take_in(row.key, image_of(*self, row)))
        ++*unknown;
    }
  });
}

/// Loads what is kept of the others' rows, and does to it what this transaction's rows do.
void load(const Judging &judging) {
  const Part *part = judging.part;
  Upkeep *upkeep = judging.upkeep;
  const Deltas *deltas = part->batch->deltas;
  const Judging *self = &judging;
  run_core([=](Failure &) {
    for (int i = 0; i < part->count; ++i) {
      const StateRow &row = row_at(*self, i);
      std::optional<uint32> customer = upkeep->find(row.key);
      if (!customer)
        continue;
      if (deltas == nullptr)
        upkeep->set_all_stale(*customer);
      else
        upkeep->load(*customer, image_of(*self, row));
    }
  });
  for (size_t feed = 1; deltas != nullptr && feed < judging.feeds->size(); ++feed) {
    const FeedDeltas &changes = deltas->feed(feed);
    apply_rows(judging, feed, changes.gone, false);
    apply_rows(judging, feed, changes.come, true);
    apply_rows(judging, feed, changes.below, true);
    run_core([=](Failure &) { upkeep->settle(feed); });
    if (changes.all_stale)
      run_core([=](Failure &) {
        for (uint32 customer = 0; customer < upkeep->population().size(); ++customer)
          upkeep->set_stale(feed, customer);
      });
    uint32 customer = 0;
    for (const NetRow *row : changes.stale) {
      if (find_customer(judging, *row, row->plan->effects[feed].key, &customer))
        run_core([=](Failure &) { upkeep->set_stale(feed, customer); });
    }
  }
}

/// Reads the rows below new parents where not all of them are told.
void read_below(const Judging &judging, size_t feed) {
  const std::vector<NewParent> &parents = new_parents(judging, feed);
  Oid type = InvalidOid;
  Datum *values = static_cast<Datum *>(palloc_extended(sizeof(Datum) * parents.size(), MCXT_ALLOC_HUGE));
  int count = 0;
  for (size_t i = 0; i < parents.size(); ++i) {
    if (judging.is_told[feed][i])
      continue;
    const NetRow *row = parents[i].row;
    int attribute = row->plan->effects[feed].parent;
    uint32 customer;
    if (find_customer(judging, *row, row->plan->effects[feed].key, &customer) &&
        image_value(row->plan, row->image, attribute, &values[count])) {
      type = row->plan->attributes[attribute].type;
      ++count;
    }
  }
  if (count > 0)
    run_feed(&judging.upkeep->population(), feed, name_of(judging, feed),
             (*judging.feeds)[feed].select_below.c_str(), get_array_type(type),
             make_array(values, count, type), count <= 100 ? Plan::saved : Plan::once);
  pfree(values);
}

/// Reads what must be read.
void read(void *argument) {
  auto *judging = static_cast<Judging *>(argument);
  // What the shop's columns compute is run by the rights of the customers' owner, and can do nothing else.
  Identity caller = become(owner_of(judging->live->customers));
  Upkeep *upkeep = judging->upkeep;
  if (judging->reads_own) {
    int *unknown = static_cast<int *>(
        palloc_extended(sizeof(int) * static_cast<Size>(judging->part->count), MCXT_ALLOC_HUGE));
    int count = 0;
    for (int i = 0; i < judging->part->count; ++i) {
      if (!upkeep->find(row_at(*judging, i).key))
        unknown[count++] = i;
    }
    read_rows(*judging, 0, unknown, count);
  } else {
    for (size_t feed = 1; feed < judging->feeds->size(); ++feed) {
      if (judging->part->batch->deltas != nullptr && !judging->again)
        read_below(*judging, feed);
      const std::vector<uint32> *customers = nullptr;
      run_core([=, &customers](Failure &) { customers = &upkeep->begin_reading(feed); });
      if (customers->empty())
        continue;
      int count = 0;
      int *indexes = indexes_of(*judging, *customers, &count);
      read_rows(*judging, feed, indexes, count);
    }
  }
  become_again(caller);
}

Judging start_judging(const Part &part) {
  const SegmentProgram *program = part.batch->program;
  return {&part, part.batch->live, program->upkeep->get(), &program->work->get()->program().feeds(), 0, true,
          false, nullptr};
}

bool must_read(const Judging &judging) {
  bool must = false;
  size_t feeds = judging.feeds->size();
  for (size_t feed = 1; judging.part->batch->deltas != nullptr && feed < feeds; ++feed) {
    for (size_t i = 0; i < new_parents(judging, feed).size(); ++i)
      must |= !judging.is_told[feed][i];
  }
  Upkeep *upkeep = judging.upkeep;
  run_core([=, &must](Failure &) {
    for (size_t feed = 1; feed < feeds && !must; ++feed)
      must = upkeep->is_stale(feed);
  });
  return must;
}

} // namespace

const ErrorData *judge_part(const Part &part) {
  Judging judging = start_judging(part);
  take_in(&judging);
  if (judging.unknown > 0) {
    if (const ErrorData *error = contain(read, &judging))
      return error;
  }
  judging.reads_own = false;
  tell_parents(&judging);
  load(judging);
  if (must_read(judging)) {
    if (const ErrorData *error = contain(read, &judging))
      return error;
  }
  Upkeep *upkeep = judging.upkeep;
  run_core([=](Failure &) { upkeep->judge(); });
  return nullptr;
}

const ErrorData *judge_again(const Part &part, const bool *concerned) {
  Judging judging = start_judging(part);
  judging.reads_own = false;
  judging.again = true;
  const Judging *self = &judging;
  run_core([=](Failure &) {
    self->upkeep->start_again();
    for (size_t feed = 1; feed < self->feeds->size(); ++feed) {
      if (self->live->schema.relations[(*self->feeds)[feed].relation].segment < 0)
        continue;
      for (int i = 0; i < self->part->count; ++i) {
        std::optional<uint32> customer =
            concerned[i] ? self->upkeep->find(row_at(*self, i).key) : std::nullopt;
        if (customer)
          self->upkeep->set_stale(feed, *customer);
      }
    }
  });
  if (const ErrorData *error = contain(read, &judging))
    return error;
  run_core([=](Failure &) { self->upkeep->judge(); });
  return nullptr;
}

} // namespace segmentation::pg
