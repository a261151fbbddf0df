// rule_to_json and rule_from_json: rules for screens that build them. The server reads and writes JSON, the
// core what it says. Server's side.
#include "core/json/rule_json.hpp"
#include "core/rule/parser.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/boundary/session.hpp"
#include "pg/live/rule_value.hpp"

#include <string>

extern "C" Datum segmentation_rule_from_text(PG_FUNCTION_ARGS);

namespace segmentation::pg {

namespace {

/// Text of the core's, in C++ memory that a memory context owns.
struct Text {
  std::string text;
};

/// A document in the making: items, and those of them that are not closed.
struct Items {
  core::JsonItem *items;
  uint32 count, capacity;
  uint32 *open;
  uint32 depth, deepest;
};

core::JsonItem &add_item(Items &items, const JsonbValue *key) {
  if (items.count == items.capacity) {
    items.capacity *= 2;
    items.items = static_cast<core::JsonItem *>(
        repalloc_huge(items.items, sizeof(core::JsonItem) * static_cast<Size>(items.capacity)));
  }
  core::JsonItem &item = *new (items.items + items.count) core::JsonItem;
  item.end = ++items.count;
  if (key != nullptr)
    item.key = {key->val.string.val, static_cast<size_t>(key->val.string.len)};
  return item;
}

void open_item(Items &items, const JsonbValue *key, core::JsonItem::Kind kind) {
  if (items.depth == items.deepest) {
    items.deepest *= 2;
    items.open =
        static_cast<uint32 *>(repalloc(items.open, sizeof(uint32) * static_cast<Size>(items.deepest)));
  }
  items.open[items.depth++] = items.count;
  add_item(items, key).kind = kind;
}

void add_scalar(Items &items, const JsonbValue *key, const JsonbValue &value) {
  using Kind = core::JsonItem::Kind;
  core::JsonItem &item = add_item(items, key);
  switch (value.type) {
  case jbvString:
    item.kind = Kind::text;
    item.text = {value.val.string.val, static_cast<size_t>(value.val.string.len)};
    return;
  case jbvNumeric: {
    const char *digits =
        DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
    item.kind = Kind::number;
    item.text = {digits, strlen(digits)};
    return;
  }
  case jbvBool:
    item.kind = Kind::boolean;
    item.boolean = value.val.boolean;
    return;
  default:
    item.kind = Kind::null;
  }
}

/// Returns the values of a jsonb object; its texts stay where they are.
Items read_items(Jsonb *document) {
  Items items = {nullptr, 0, 64, nullptr, 0, 16};
  items.items = static_cast<core::JsonItem *>(palloc(sizeof(core::JsonItem) * items.capacity));
  items.open = static_cast<uint32 *>(palloc(sizeof(uint32) * items.deepest));
  JsonbIterator *iterator = JsonbIteratorInit(&document->root);
  JsonbValue value, key;
  bool has_key = false;
  for (JsonbIteratorToken token; (token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE;) {
    CHECK_FOR_INTERRUPTS();
    const JsonbValue *own_key = has_key ? &key : nullptr;
    switch (token) {
    case WJB_KEY:
      key = value;
      has_key = true;
      continue;
    case WJB_BEGIN_ARRAY:
    case WJB_BEGIN_OBJECT:
      open_item(items, own_key,
                token == WJB_BEGIN_ARRAY ? core::JsonItem::Kind::array : core::JsonItem::Kind::object);
      break;
    case WJB_END_ARRAY:
    case WJB_END_OBJECT:
      items.items[items.open[--items.depth]].end = items.count;
      break;
    default:
      add_scalar(items, own_key, value);
    }
    has_key = false;
  }
  return items;
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_rule_to_json) {
  check_encoding();
  const char *source = rule_source(rule_value(PG_GETARG_DATUM(0)));
  auto *json = Owned<Text>::make();
  const char *bytes = nullptr;
  run_core([=, &bytes](Failure &failure) {
    auto parsed = segmentation::core::parse_rule(source);
    if (!parsed.value)
      return fail(failure, parsed.diagnostics, source, source, Excerpt::detail);
    json->set(new Text{print_json(segmentation::core::rule_to_json(*parsed.value).items())});
    bytes = (*json)->text.c_str();
  });
  Datum result = DirectFunctionCall1(jsonb_in, CStringGetDatum(bytes));
  json->clear();
  PG_RETURN_DATUM(result);
}

SEGMENTATION_FUNCTION(segmentation_rule_from_json) {
  check_encoding();
  Jsonb *document = PG_GETARG_JSONB_P(0);
  if (!JB_ROOT_IS_OBJECT(document))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("expected an object at $"),
                    errhint("A rule is an object with a \"condition\".")));
  Items items = read_items(document);
  auto *canonical = Owned<Text>::make();
  const char *bytes = nullptr;
  size_t size = 0;
  run_core([=, &bytes, &size](Failure &failure) {
    auto read = segmentation::core::rule_from_json({items.items, items.count});
    if (!read.canonical)
      return fail(failure, segmentation::core::sqlstate_code(read.mistake.state), read.mistake.message,
                  read.mistake.hint);
    canonical->set(new Text{std::move(*read.canonical)});
    bytes = (*canonical)->text.data();
    size = (*canonical)->text.size();
  });
  text *rule = cstring_to_text_with_len(bytes, static_cast<int>(size));
  canonical->clear();
  return DirectFunctionCall1(segmentation_rule_from_text, PointerGetDatum(rule));
}
