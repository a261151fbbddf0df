// What a SELECT brought, as the cells of batches: once a SELECT, however many rules ask for it.
#pragma once

#include "core/program/program.hpp"
#include "fuzz/server.hpp"

#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace segmentation::core::fuzz {

/// Reads binary values from the front of what is left.
class Bytes {
public:
  explicit Bytes(std::string_view left) : left_(left) {}

  template <typename T> T take() {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(static_cast<std::make_unsigned_t<T>>(value) << 8 |
                             static_cast<unsigned char>(left_[i]));
    left_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view take(std::size_t count) {
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }

private:
  std::string_view left_;
};

/// Returns the digits of a number; empty for NaN and infinities.
inline std::string numeric_digits(std::string_view value) {
  Bytes bytes(value);
  const int count = bytes.take<std::int16_t>();
  const int weight = bytes.take<std::int16_t>();
  const auto sign = static_cast<std::uint16_t>(bytes.take<std::int16_t>());
  bytes.take<std::int16_t>();
  if ((sign & 0xC000) == 0xC000)
    return {};
  std::string digits = sign != 0 ? "-" : "";
  digits += "0";
  for (int i = 0; i < std::max(count, weight + 1); ++i) {
    if (i == weight + 1 || (i == 0 && weight < 0)) {
      digits += ".";
      digits.append(static_cast<std::size_t>(std::max(0, -1 - weight)) * 4, '0');
    }
    const std::string four = std::to_string(10000 + (i < count ? bytes.take<std::int16_t>() : 0));
    digits += four.substr(1);
  }
  return digits;
}

class Rows {
public:
  /// `columns` says how each column is delivered; column 0 of the result is the key.
  Rows(Result result, const std::vector<FeedColumn> &columns) : result_(std::move(result)) {
    const int rows = PQntuples(result_.get());
    for (int row = 0; row < rows; ++row)
      if (PQgetisnull(result_.get(), row, 0) == 0)
        read_row(row, columns);
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(keys_.size()); }

  /// Writes rows [first, first + count) into an empty batch.
  void fill(Batch &batch, std::uint32_t first, std::uint32_t count) const {
    for (std::uint32_t row = 0; row < count; ++row) {
      batch.key.cells[row] = Cell::value;
      batch.key.integers[row] = keys_[first + row];
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const Cells &from = columns_[c];
      BatchColumn &to = batch.columns[c];
      std::copy_n(from.cells.begin() + first, count, to.cells);
      if (!from.integers.empty())
        std::copy_n(from.integers.begin() + first, count, to.integers);
      if (!from.texts.empty())
        std::copy_n(from.texts.begin() + first, count, to.texts);
      if (!from.lists.empty())
        std::copy_n(from.lists.begin() + first, count, to.lists);
    }
    batch.rows = count;
  }

  std::size_t bytes() const {
    return PQresultMemorySize(result_.get()) + keys_.size() * (columns_.size() * 40 + 8) + kept_.size() * 64 +
           lists_.size() * 64;
  }

private:
  struct Cells {
    std::vector<Cell> cells;
    std::vector<std::int64_t> integers;
    std::vector<TextCell> texts;
    std::vector<ListCell> lists;
  };

  static TextCell cell_of(std::string_view text) {
    return {text.data(), static_cast<std::uint32_t>(text.size())};
  }
  TextCell keep(std::string text) { return cell_of(kept_.emplace_back(std::move(text))); }

  std::string_view raw(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }

  void read_row(int row, const std::vector<FeedColumn> &columns) {
    columns_.resize(columns.size());
    keys_.push_back(integer(raw(row, 0)));
    for (std::size_t c = 0; c < columns.size(); ++c) {
      Cells &cells = columns_[c];
      const int at = static_cast<int>(c) + 1;
      const bool missing = PQgetisnull(result_.get(), row, at) != 0;
      cells.cells.push_back(missing ? Cell::missing : Cell::value);
      read_cell(cells, missing ? std::nullopt : std::optional(raw(row, at)), columns[c],
                PQftype(result_.get(), at));
    }
  }

  static std::int64_t integer(std::string_view value) {
    Bytes bytes(value);
    return value.size() == 2   ? bytes.take<std::int16_t>()
           : value.size() == 4 ? bytes.take<std::int32_t>()
                               : bytes.take<std::int64_t>();
  }

  void read_cell(Cells &cells, std::optional<std::string_view> value, const FeedColumn &column, Oid type) {
    switch (column.type) {
    case Kind::number: {
      cells.integers.push_back(0);
      cells.texts.emplace_back();
      if (value)
        read_number(cells, *value, column.scale, type == 1700);
      break;
    }
    case Kind::boolean:
      cells.integers.push_back(value ? (*value)[0] : 0);
      break;
    case Kind::day:
    case Kind::instant:
      expect(type == (column.type == Kind::day ? 1082U : 1184U), column);
      cells.integers.push_back(value ? integer(*value) : 0);
      break;
    case Kind::text:
      expect(type == 25 || type == 1043, column);
      cells.texts.push_back(value ? cell_of(*value) : TextCell{});
      break;
    case Kind::text_list:
    case Kind::number_list:
      expect(type == (column.type == Kind::text_list ? 1009U : 1231U), column);
      cells.lists.push_back(value ? read_list(*value, column.type) : ListCell{});
      break;
    case Kind::json:
      break;
    }
  }

  static void expect(bool right, const FeedColumn &column) {
    if (!right)
      give_up("a feed delivers a column as another type", column.sql);
  }

  void read_number(Cells &cells, std::string_view value, std::int32_t scale, bool numeric) {
    const std::string digits = numeric ? numeric_digits(value) : std::to_string(integer(value));
    const auto number = Decimal::parse(digits);
    if (!number) {
      cells.cells.back() = Cell::missing;
    } else if (const auto coefficient = number->at_scale(scale)) {
      cells.integers.back() = *coefficient;
    } else {
      cells.cells.back() = Cell::digits;
      cells.texts.back() = keep(digits);
    }
  }

  ListCell read_list(std::string_view value, Kind kind) {
    Bytes bytes(value);
    const int dimensions = bytes.take<std::int32_t>();
    bytes.take<std::int64_t>();
    std::int64_t count = dimensions > 0 ? 1 : 0;
    for (int i = 0; i < dimensions; ++i, bytes.take<std::int32_t>())
      count *= bytes.take<std::int32_t>();
    std::vector<TextCell> &list = lists_.emplace_back();
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int32_t size = bytes.take<std::int32_t>();
      if (size < 0)
        continue;
      const std::string_view element = bytes.take(static_cast<std::size_t>(size));
      if (kind == Kind::text_list)
        list.push_back(cell_of(element));
      else if (std::string digits = numeric_digits(element); !digits.empty())
        list.push_back(keep(std::move(digits)));
    }
    return {list.data(), static_cast<std::uint32_t>(list.size())};
  }

  Result result_; // texts point into it
  std::vector<std::int64_t> keys_;
  std::vector<Cells> columns_;
  std::deque<std::string> kept_;
  std::deque<std::vector<TextCell>> lists_;
};

/// Results by SELECT and by what is wanted of its columns.
class RowCache {
public:
  explicit RowCache(Server &server) : server_(server) {}

  /// Returns the rows, or null with the server's error in `error`.
  const Rows *get(const std::string &select, const Feed &feed, const char *keys, std::string &error) {
    std::string name = select;
    for (const FeedColumn &column : feed.columns)
      name += "|" + std::to_string(static_cast<int>(column.type)) + "," + std::to_string(column.scale);
    if (keys != nullptr)
      name += keys;
    if (const auto found = rows_.find(name); found != rows_.end())
      return found->second.get();
    Result result = server_.query(select, keys);
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
      error = std::string(PQresultErrorField(result.get(), PG_DIAG_SQLSTATE)) + " " +
              PQresultErrorMessage(result.get());
      return nullptr;
    }
    auto rows = std::make_unique<Rows>(std::move(result), feed.columns);
    bytes_ += rows->bytes() + name.size();
    return (rows_[std::move(name)] = std::move(rows)).get();
  }

  /// Forgets everything where that has become too much; between inputs only.
  void trim() {
    if (bytes_ < (std::size_t{192} << 20))
      return;
    rows_.clear();
    bytes_ = 0;
  }

private:
  Server &server_;
  std::unordered_map<std::string, std::unique_ptr<Rows>> rows_;
  std::size_t bytes_ = 0;
};

} // namespace segmentation::core::fuzz
