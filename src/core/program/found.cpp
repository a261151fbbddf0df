// Values, lists and rows of one customer.
#include "core/program/found.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace segmentation::core::program {
namespace {

constexpr std::size_t most_members_shown = 20;
constexpr std::size_t most_bytes_shown = 200;

// Cuts a long text between two characters.
std::string cut(std::string text) {
  if (text.size() <= most_bytes_shown)
    return text;
  std::size_t end = most_bytes_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  text.resize(end);
  return text + "...";
}

std::string show_list(std::vector<std::string> values, bool are_numbers) {
  const auto before = [are_numbers](const std::string &a, const std::string &b) {
    const auto x = are_numbers ? Decimal::parse(a) : std::nullopt,
               y = are_numbers ? Decimal::parse(b) : std::nullopt;
    return x && y && *x != *y ? *x < *y : a < b;
  };
  std::sort(values.begin(), values.end(), before);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.empty())
    return "none";
  std::string out;
  for (std::size_t i = 0; i < values.size() && i < most_members_shown; ++i)
    out += (i == 0 ? "" : ", ") + cut(values[i]);
  return values.size() > most_members_shown
             ? out + fmt::format(", ... {} more", values.size() - most_members_shown)
             : out;
}

} // namespace

void CardReader::read(int leaf, LeafValue &out) const {
  const Card &card = cards_[static_cast<std::size_t>(leaf)];
  out.present = card.cell != Cell::missing;
  out.integer = card.integer;
  out.text = card.text;
  out.big = card.cell == Cell::digits ? Decimal::parse(card.text) : std::nullopt;
  out.list = nullptr;
}

Found::Found(const Customers &customers, std::uint32_t customer)
    : customers_(customers), customer_(customer), reader_(customers),
      cards_(customer < customers.cards.size() ? customers.cards[customer] : no_cards_) {
  reader_.at(customer);
}

std::optional<Found::Tested> Found::tested(const Condition &condition) const {
  const Trace &trace = this->trace(condition);
  const Program::Impl &plan = customers_.plan;
  if (trace.test >= 0)
    return Tested{plan.customers, plan.customers.tests[static_cast<std::size_t>(trace.test)], reader_};
  if (trace.row_test < 0 || customer_ >= customers_.cards.size())
    return std::nullopt;
  const Graph &rows = plan.plans[0].rows;
  return Tested{rows, rows.tests[static_cast<std::size_t>(trace.row_test)], cards_};
}

std::string Found::shown(const Condition &condition) const {
  const Trace &trace = this->trace(condition);
  if (trace.list >= 0) {
    const auto feed = static_cast<std::size_t>(trace.list_feed);
    const ShownList &list = customers_.plan.plans[feed].lists[static_cast<std::size_t>(trace.list)];
    const Kind type = customers_.plan.feeds[feed].columns[static_cast<std::size_t>(list.columns[0])].type;
    const auto &members = customers_.feeds[feed].members;
    const auto found = members.find({customer_, trace.list});
    return show_list(found == members.end() ? std::vector<std::string>{} : found->second,
                     type == Kind::number || type == Kind::number_list);
  }
  const auto tested = this->tested(condition);
  if (!tested)
    return "missing";
  const ValueNode &value = tested->node(tested->test.left);
  if (value.type == Kind::text_list || value.type == Kind::number_list)
    return show_list(customers_.cards[customer_][static_cast<std::size_t>(value.leaf)].list,
                     value.type == Kind::number_list);
  return shown_value(*tested, tested->test.left);
}

std::string Found::shown_value(const Tested &tested, int value) const {
  const Judge judge = this->judge(tested);
  const ValueNode &node = tested.node(value);
  if (node.type == Kind::number) {
    const auto number = judge.number(value);
    return number ? show_amount(*number, node) : "missing";
  }
  if (node.type == Kind::text) {
    std::string_view text;
    return judge.text(value, text) ? cut(std::string(text)) : "missing";
  }
  std::int64_t at = 0;
  return judge.date(value, at) ? show(node.type, at, 0, clock().zone()) : "missing";
}

const NamedRows *Found::named(const Condition &condition) const {
  const Trace &trace = this->trace(condition);
  const auto &named = customers_.feeds[static_cast<std::size_t>(trace.rows_feed)].named;
  const auto found = named.find({customer_, trace.rows});
  return found == named.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> Found::row_count(const Condition &condition) const {
  if (trace(condition).rows < 0)
    return std::nullopt;
  const NamedRows *rows = named(condition);
  return rows == nullptr ? 0 : rows->count;
}

std::vector<std::string> Found::row_keys(const Condition &condition) const {
  std::vector<std::string> keys;
  const NamedRows *rows = named(condition);
  if (rows == nullptr)
    return keys;
  for (const NamedRows::Row &row : rows->newest)
    keys.push_back(row.key);
  const std::int64_t rest = rows->count - static_cast<std::int64_t>(keys.size());
  if (rest > 0 && keys.empty())
    keys.push_back(fmt::format("{} without a key", rest));
  else if (rest > 0)
    keys.push_back(fmt::format("... {} more", rest));
  return keys;
}

bool has_places(const ValueNode &value) {
  return value.flat && padded_places(value.scale) == value.scale;
}

std::string show_amount(const WideFraction &amount, const ValueNode &value) {
  return amount.denominator == Decimal(1) ? show_padded(amount.numerator, has_places(value) ? value.scale : 0)
                                          : show(amount);
}

} // namespace segmentation::core::program
