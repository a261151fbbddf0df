// One loop per node over the rows of a batch.
#include "core/program/row_program.hpp"

#include <algorithm>
#include <cstring>

namespace segmentation::core::program {
namespace {

// A number that came as digits; one that does not read as a number is missing.
std::optional<Decimal> digits_of(const BatchColumn &column, std::uint32_t row) {
  return Decimal::parse(view(column.texts[row]));
}

void join_all(std::uint8_t *__restrict out, const std::uint8_t *__restrict in, std::uint32_t rows) {
  for (std::uint32_t i = 0; i < rows; ++i)
    out[i] &= in[i];
}

void join_any(std::uint8_t *__restrict out, const std::uint8_t *__restrict in, std::uint32_t rows) {
  for (std::uint32_t i = 0; i < rows; ++i)
    out[i] |= in[i];
}

// low <= value <= high in one unsigned comparison. Cells without a value in place fail.
void in_range(const BatchColumn &column, Range range, std::uint32_t rows, std::uint8_t *__restrict out) {
  if (range.low > range.high) {
    std::memset(out, 0, rows);
    return;
  }
  const auto low = static_cast<std::uint64_t>(range.low);
  const std::uint64_t width = static_cast<std::uint64_t>(range.high) - low;
  const std::int64_t *__restrict values = column.integers;
  const Cell *__restrict cells = column.cells;
  for (std::uint32_t i = 0; i < rows; ++i)
    out[i] = static_cast<std::uint8_t>((static_cast<std::uint64_t>(values[i]) - low <= width) &
                                       (cells[i] == Cell::value));
}

// Sets are asked for some rows at a time, so that waiting for memory is done for all of them together.
constexpr std::uint32_t together = 32;

void in_set(const NumberSet &set, const BatchColumn &column, std::uint32_t rows, std::uint8_t *out) {
  for (std::uint32_t first = 0; first < rows; first += together) {
    const std::uint32_t end = std::min(first + together, rows);
    for (std::uint32_t i = first; i < end; ++i)
      set.prefetch(column.integers[i]);
    for (std::uint32_t i = first; i < end; ++i)
      out[i] = column.cells[i] == Cell::value && set.contains(column.integers[i]);
  }
}

void in_set(const TextSet &set, const BatchColumn &column, std::uint32_t rows, std::uint8_t *out) {
  std::uint64_t hashes[together];
  for (std::uint32_t first = 0; first < rows; first += together) {
    const std::uint32_t end = std::min(first + together, rows);
    for (std::uint32_t i = first; i < end; ++i)
      out[i] = column.cells[i] == Cell::value && set.begin_find(view(column.texts[i]), hashes[i - first]);
    for (std::uint32_t i = first; i < end; ++i)
      if (out[i] != 0)
        out[i] = set.find(view(column.texts[i]), hashes[i - first]);
  }
}

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

} // namespace

void RowReader::read(int leaf, LeafValue &out) const {
  const BatchColumn &column = batch_.columns[static_cast<std::size_t>(leaf)];
  const Cell cell = column.cells[row_];
  out.present = cell != Cell::missing;
  out.big.reset();
  if (!out.present)
    return;
  switch (column.type) {
  case Kind::text:
    out.text = view(column.texts[row_]);
    break;
  case Kind::text_list:
  case Kind::number_list:
    out.list = &column.lists[row_];
    break;
  default:
    if (cell == Cell::digits) {
      out.big = digits_of(column, row_);
      out.present = out.big.has_value();
    } else {
      out.integer = column.integers[row_];
    }
  }
}

RowProgram::RowProgram(const Graph &graph, const Clock &clock, Level level)
    : graph_(graph), clock_(clock), level_(level), places_(graph.nodes.size(), 0) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].level <= level)
      places_[i] = used_++;
  bytes_ = std::make_unique<std::uint8_t[]>(std::max<std::size_t>(used_, 1) * Batch::capacity);
}

void RowProgram::run_numbers(const Test &test, const BatchColumn &column, std::uint32_t rows,
                             std::uint8_t *out) const {
  if (test.op == TestOp::compare_number)
    in_range(column, test.range, rows, out);
  else
    in_set(test.numbers, column, rows, out);
  if (std::memchr(column.cells, static_cast<int>(Cell::digits), rows) == nullptr)
    return;
  for (std::uint32_t i = 0; i < rows; ++i)
    if (column.cells[i] == Cell::digits) {
      const auto number = digits_of(column, i);
      out[i] = number && (test.op == TestOp::compare_number ? holds(test.compare, *number <=> test.number)
                                                            : test.numbers.contains(*number));
    }
}

void RowProgram::run_texts(const Test &test, const BatchColumn &column, std::uint32_t rows,
                           std::uint8_t *out) {
  const auto &texts = test.texts.texts();
  if (test.op == TestOp::text_in && !test.ignore_case && texts.size() == 1) {
    const std::string &one = texts.front();
    const auto size = static_cast<std::uint32_t>(one.size());
    for (std::uint32_t i = 0; i < rows; ++i)
      out[i] = column.cells[i] == Cell::value && column.texts[i].size == size &&
               std::memcmp(column.texts[i].data, one.data(), size) == 0;
    return;
  }
  if (test.op == TestOp::text_in && !test.ignore_case && test.texts.is_hashed())
    return in_set(test.texts, column, rows, out);
  for (std::uint32_t i = 0; i < rows; ++i)
    out[i] = column.cells[i] == Cell::value && text_passes(test, view(column.texts[i]), scratch_);
}

void RowProgram::run_test(const Test &test, const Batch &batch, std::uint8_t *out) {
  const std::uint32_t rows = batch.rows;
  const ValueNode &left = graph_.values[static_cast<std::size_t>(test.left)];
  if (left.form == ValueNode::Form::leaf) {
    const BatchColumn &column = batch.columns[static_cast<std::size_t>(left.leaf)];
    switch (test.op) {
    case TestOp::compare_number:
    case TestOp::number_in:
      return run_numbers(test, column, rows, out);
    case TestOp::text_in:
    case TestOp::text_starts:
    case TestOp::text_ends:
    case TestOp::text_contains:
      return run_texts(test, column, rows, out);
    case TestOp::is_true:
      return in_range(column, {1, 1}, rows, out);
    case TestOp::date_from:
      return in_range(column, {clock_.threshold(test.bound), highest}, rows, out);
    case TestOp::date_before: {
      const std::int64_t bound = clock_.threshold(test.bound);
      return in_range(column, bound == lowest ? Range{1, 0} : Range{lowest, bound - 1}, rows, out);
    }
    case TestOp::present:
      if (column.type == Kind::number &&
          std::memchr(column.cells, static_cast<int>(Cell::digits), rows) != nullptr)
        break; // digits may turn out to be no number
      for (std::uint32_t i = 0; i < rows; ++i)
        out[i] = column.cells[i] != Cell::missing;
      return;
    case TestOp::list_contains_text:
    case TestOp::list_contains_number:
    case TestOp::list_present:
      for (std::uint32_t i = 0; i < rows; ++i)
        out[i] = column.cells[i] != Cell::missing && list_passes(test, column.lists[i], scratch_);
      return;
    default:
      break;
    }
  }
  RowReader reader(batch);
  const Judge judge(graph_, clock_, reader);
  for (std::uint32_t i = 0; i < rows; ++i) {
    reader.at(i);
    out[i] = judge.holds(test);
  }
}

void RowProgram::run(const Batch &batch) {
  const std::uint32_t rows = batch.rows;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node &node = graph_.nodes[i];
    if (node.level > level_)
      continue;
    std::uint8_t *out = bytes_.get() + places_[i] * Batch::capacity;
    switch (node.form) {
    case Node::Form::constant:
      std::memset(out, node.truth ? 1 : 0, rows);
      break;
    case Node::Form::test:
      run_test(graph_.tests[static_cast<std::size_t>(node.test)], batch, out);
      break;
    case Node::Form::negation: {
      const std::uint8_t *in = result(node.children[0]);
      for (std::uint32_t r = 0; r < rows; ++r)
        out[r] = in[r] ^ 1;
      break;
    }
    case Node::Form::all:
    case Node::Form::any:
      std::memcpy(out, result(node.children[0]), rows);
      for (std::size_t c = 1; c < node.children.size(); ++c)
        if (node.form == Node::Form::all)
          join_all(out, result(node.children[c]), rows);
        else
          join_any(out, result(node.children[c]), rows);
      break;
    case Node::Form::bit:
      break;
    }
  }
}

} // namespace segmentation::core::program
