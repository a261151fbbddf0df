// The shop's tables, made from its schema, with rows that break naive code: always the same ones, reckoned
// from one instant.
#pragma once

#include "core/program/sql_text.hpp"
#include "fuzz/dice.hpp"
#include "fuzz/server.hpp"
#include "fuzz/shop.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace segmentation::core::fuzz {

// Half past one on 31 March in Sofia, two days after the clocks went forward; still 30 March in UTC.
inline constexpr const char *now_text = "2026-03-30 22:30:00.000001+00";
inline constexpr CivilDate today{2026, 3, 31};
inline constexpr const char *zone_name = "Europe/Sofia";

// "" stands for an empty text; letters whose case folds in odd ways, by their escapes.
inline const std::vector<std::string> words{"a",
                                            "b",
                                            "Sofia",
                                            "sofia",
                                            "\u0421\u041e\u0424\u0418\u042f",
                                            "\u0421\u043e\u0444\u0438\u044f",
                                            "",
                                            "o'clock",
                                            "back\\slash",
                                            "stra\u00dfe",
                                            "STRASSE",
                                            "\u0130stanbul",
                                            "100%",
                                            "x_y",
                                            "VIP",
                                            "vip",
                                            "  padded ",
                                            "\u03a3\u0391\u03a3",
                                            "line\nbreak",
                                            "\"quoted\"",
                                            "\u65e5\u672c",
                                            "paid",
                                            "refunded",
                                            "1",
                                            "true",
                                            "2025-02-28",
                                            "k",
                                            "K",
                                            "\u212a"};
inline const std::vector<std::string> statuses{"paid",    "paid", "refunded", "cancelled",
                                               "deleted", "Paid", ""};
inline const std::vector<std::string> fields{"num", "txt", "flag", "day", "Odd Field", "a.b", "list"};

class TableMaker {
public:
  TableMaker(const Schema &schema, Server &server) : schema_(schema), server_(server), dice_(20260330) {}

  void make() {
    server_.command("CREATE EXTENSION segmentation; CREATE SCHEMA shop");
    // Printed SQL asks for now(): this one stands before the server's, so that every run is the same.
    server_.command(std::string("CREATE FUNCTION shop.now() RETURNS timestamptz LANGUAGE sql IMMUTABLE "
                                "RETURN TIMESTAMPTZ '") +
                    now_text + "'");
    server_.command("SET search_path = shop, pg_catalog; SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; "
                    "SET intervalstyle = postgres; SET bytea_output = hex; SET extra_float_digits = 1; "
                    "SET jit = off; SET statement_timeout = '5s'; SET max_parallel_workers_per_gather = 0");
    for (const Relation &relation : schema_.relations)
      make_table(relation);
    server_.command("ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers");
    server_.command("ANALYZE");
  }

  static constexpr std::int64_t people = 60;

private:
  void make_table(const Relation &relation) {
    std::string columns, values;
    for (const Column &column : relation.columns)
      columns += (columns.empty() ? "" : ", ") + column.sql + " " + column.sql_type;
    for (const int key : relation.primary_key)
      columns += ", PRIMARY KEY (" + relation.columns[static_cast<std::size_t>(key)].sql + ")";
    server_.command("CREATE TABLE " + relation.from_sql + " (" + columns + ")");
    const std::int64_t rows = row_count(relation.name);
    std::string row, before;
    for (std::int64_t i = 1; i <= rows; ++i) {
      row.clear();
      for (std::size_t c = 0; c < relation.columns.size(); ++c)
        row += (c > 0 ? ", " : "") + cell(relation, c, i);
      // Where nothing forbids it, some rows stand there twice.
      if (relation.primary_key.empty() && i > 1 && dice_.chance(8))
        row = before;
      values += (values.empty() ? "(" : ", (") + row + ")";
      before = row;
    }
    server_.command("INSERT INTO " + relation.from_sql + " VALUES " + values);
  }

  static std::int64_t row_count(const std::string &name) {
    static const std::map<std::string, std::int64_t> counts{
        {"customers", people}, {"region", 6},      {"region_labels", 12}, {"orders", 160},
        {"channel", 3},        {"items", 240},     {"product", 12},       {"category", 4},
        {"product_tags", 20},  {"metafields", 200}};
    const auto found = counts.find(name);
    return found == counts.end() ? 90 : found->second;
  }

  std::string cell(const Relation &relation, std::size_t index, std::int64_t row) {
    const Column &column = relation.columns[index];
    const auto is_key = [&](int key) { return key == static_cast<int>(index); };
    if (std::any_of(relation.primary_key.begin(), relation.primary_key.end(), is_key))
      return column.kind == Kind::number ? std::to_string(row)
                                         : quote(words[static_cast<std::size_t>(row + 1)]);
    if (relation.role != Role::customers && relation.role != Role::lookup && is_key(relation.key))
      return reference(relation);
    if (column.name == "product_id")
      return dice_.chance(10) ? "NULL" : std::to_string(dice_.between(1, 14));
    if (column.name == "category_id" || column.name == "channel_id")
      return dice_.chance(10) ? "NULL" : std::to_string(dice_.between(1, 5));
    if (dice_.chance(12))
      return "NULL";
    if (column.name == "status")
      return quote(dice_.pick(statuses));
    if (column.name == "email")
      return quote("c" + std::to_string(dice_.between(1, 40)) + "@example.com");
    if (column.name == "field")
      return quote(dice_.pick(fields));
    if (relation.name == "metafields" && column.name == "value")
      return quote(field_value());
    if (column.name == "hidden")
      return dice_.chance(20) ? "true" : "false";
    return value(column);
  }

  // Most customers have rows, some many, some none; and some rows are nobody's.
  std::string reference(const Relation &relation) {
    const Relation &above = schema_.relations[static_cast<std::size_t>(relation.of)];
    const Column &there = above.columns[static_cast<std::size_t>(relation.of_key)];
    if (there.name == "email")
      return dice_.chance(8) ? "NULL" : quote("c" + std::to_string(dice_.between(1, 45)) + "@example.com");
    if (there.kind == Kind::text)
      return quote(words[dice_.below(9)]);
    if (dice_.chance(5))
      return "NULL";
    std::int64_t last = row_count(above.name);
    if (above.role == Role::customers)
      last = relation.key_is_enforced ? people - 12 : people + 3;
    return std::to_string(dice_.chance(25) ? dice_.between(1, 5) : dice_.between(1, last));
  }

  std::string value(const Column &column) {
    const std::string &type = column.sql_type;
    switch (column.kind) {
    case Kind::number:
      return number(type);
    case Kind::boolean:
      return dice_.chance(50) ? "true" : "false";
    case Kind::text: {
      const std::string &word = dice_.pick(words);
      return quote(type == "character(8)" && word.size() > 8 ? "short" : word);
    }
    case Kind::day:
    case Kind::instant:
      return when(column);
    case Kind::json:
      return quote(json());
    case Kind::text_list:
      return list(type, [this] { return dice_.chance(10) ? "NULL" : quote(dice_.pick(words)); });
    case Kind::number_list:
      return list(type, [&] { return dice_.chance(10) ? "NULL" : number(type.substr(0, type.size() - 2)); });
    }
    return "NULL";
  }

  template <typename Make> std::string list(const std::string &type, Make make) {
    std::string out;
    for (std::int64_t i = dice_.between(0, 3); i > 0; --i)
      out += (out.empty() ? "" : ", ") + make();
    return "ARRAY[" + out + "]::" + type;
  }

  std::string number(const std::string &type) {
    static const std::map<std::string, std::vector<std::string>> extremes{
        {"smallint", {"32767", "-32768"}},
        {"integer", {"2147483647", "-2147483648"}},
        {"bigint", {"9223372036854775807", "'-9223372036854775808'"}},
        {"numeric",
         {"1e40", "-1e40", "0.000000000000000000000000000001", "'NaN'", "'Infinity'", "'-Infinity'",
          "99999999999999999999.5", "12.40", "2.50", "9223372036854775807", "9223372036854775808"}},
        {"numeric(12,2)", {"9999999999.99", "-9999999999.99", "12.40", "0.01", "'NaN'"}},
        {"numeric(10,2)", {"99999999.99", "12.40", "0.01", "'NaN'"}},
        {"numeric(30,10)", {"12345678901234567890.0123456789", "-0.0000000001", "2.5"}},
        {"real", {"1.1", "'NaN'", "'Infinity'", "1e30", "1e-30", "16777217"}},
        {"double precision", {"0.1", "'NaN'", "'-Infinity'", "1e300", "1e-300", "0.30000000000000004"}},
        {"money", {"'92233720368547758.07'", "'-0.01'", "'12.40'"}}};
    const bool whole = type == "smallint" || type == "integer" || type == "bigint";
    if (dice_.chance(20))
      return dice_.pick(extremes.at(type));
    if (whole || dice_.chance(50))
      return quote(std::to_string(dice_.between(-2, 5)));
    return quote(std::to_string(dice_.between(-2, 30)) + "." + std::to_string(dice_.between(10, 99)));
  }

  // Days that rules ask about, their first microsecond and the last one before; now and then very far.
  std::string when(const Column &column) {
    static const std::vector<std::int64_t> ago{0,  0,  1,  1,  -1, 2,  6,   7,   8,   29,  30,  31,
                                               32, 59, 60, 89, 90, 91, 180, 364, 365, 366, 400, -3};
    static const std::vector<CivilDate> special{{2024, 2, 29},  {2026, 3, 29}, {2025, 10, 26}, {2026, 1, 1},
                                                {2025, 12, 31}, {2026, 2, 28}, {2025, 3, 31},  {2000, 2, 29},
                                                {2025, 3, 30},  {1, 1, 1}};
    if (dice_.chance(8)) {
      static const std::vector<std::string> far{"infinity", "-infinity", "4713-01-02 BC", "294000-12-31",
                                                "1969-12-31 23:59:59.999999"};
      return quote(dice_.pick(far));
    }
    const Day day = dice_.chance(20)
                        ? day_of(dice_.pick(special))
                        : static_cast<Day>(day_of(today) -
                                           (dice_.chance(30) ? dice_.between(-40, 800) : dice_.pick(ago)));
    if (column.kind == Kind::day)
      return sql::day_literal(day);
    static const std::vector<std::int64_t> offsets{
        0, 0, -1, 1, 5'400'000'000, 12'600'000'000, 43'200'000'000};
    const std::int64_t offset =
        dice_.chance(30) ? dice_.between(0, microseconds_per_day - 1) : dice_.pick(offsets);
    if (column.local_time)
      return sql::local_time_literal(day * microseconds_per_day + offset);
    return sql::instant_literal(schema_.zone.start_of_day(day) + offset);
  }

  std::string json() {
    static const std::vector<std::string> others{"[]", "5", "null", "{}", "\"text\""};
    static const std::map<std::string, std::vector<std::string>> keys{
        {"num", {"1", "2.5", "-3", "1e20", "\"7\"", "true", "null", "12.40", "0"}},
        {"txt", {"\"a\"", "\"Sofia\"", "\"\"", "5", "false", "\"o'clock\"", "\"1\""}},
        {"flag", {"true", "false", "\"true\"", "1"}},
        {"day",
         {"\"2025-02-28\"", "\"2025-02-30\"", "\"2026-03-30T22:30:00Z\"", "\"2026-03-31\"", "\"soon\"",
          "20250101", "\"2026-03-29T03:30\"", "\"2024-02-29\""}},
        {"list", {"[]", "[\"a\", 1, null]", "[\"VIP\", \"vip\"]", "[2, 2.50, {}]", "[[1]]"}},
        {"deep", {"{\"num\": 1}", "{\"num\": 2, \"Odd Key\": \"x\"}", "{\"Odd Key\": \"X\"}", "3"}}};
    if (dice_.chance(10))
      return dice_.pick(others);
    std::string out;
    for (const auto &[key, values] : keys)
      if (dice_.chance(75))
        out += (out.empty() ? "\"" : ", \"") + key + "\": " + dice_.pick(values);
    return "{" + out + "}";
  }

  std::string field_value() {
    static const std::vector<std::string> values{
        "1",   "2.5",   "-3",         "12.40",      " 7 ",        "1e3",
        ".5",  "5.",    "",           "true",       "no",         "ON",
        "t",   "maybe", "2025-02-28", "2025-02-30", "2026-03-31", "2024-02-29T23:30:00Z",
        "VIP", "Sofia", "a",          "+4",         "-",          "99999999999999999999"};
    return dice_.pick(values);
  }

  static std::string quote(std::string_view text) { return sql::quote_literal(text); }

  const Schema &schema_;
  Server &server_;
  Dice dice_;
};

/// Returns a zone as the server knows it, by asking for its offsets: days, then hours, minutes and seconds at
/// which they differ.
inline Zone read_zone(Server &server) {
  server.command("CREATE FUNCTION pg_temp.east(at timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE RETURN "
                 "extract(epoch FROM at AT TIME ZONE 'Europe/Sofia' - at AT TIME ZONE 'UTC')::integer");
  const auto changes = [](const std::string &from, const char *span, const char *step) {
    return "SELECT t FROM " + from + "generate_series(" + span + ", '" + step +
           "') AS t WHERE pg_temp.east(t) <> pg_temp.east(t + '" + step + "')";
  };
  const std::string days = changes("", "TIMESTAMPTZ '1850-01-01', '2501-01-01'", "1 day");
  const std::string hours = changes("(" + days + ") AS d(d), ", "d, d + '23 hours'", "1 hour");
  const std::string minutes = changes("(" + hours + ") AS h(h), ", "h, h + '59 minutes'", "1 minute");
  const std::string seconds = changes("(" + minutes + ") AS m(m), ", "m, m + '59 seconds'", "1 second");
  const Result result = server.query("SELECT extract(epoch FROM t - '2000-01-01 00:00:00+00')::bigint::text, "
                                     "pg_temp.east(t)::text, pg_temp.east(t + '1 second')::text FROM (" +
                                     seconds + ") AS s ORDER BY t");
  std::vector<Zone::Change> list;
  const int count = PQntuples(result.get());
  const auto number = [&](int row, int column) { return std::stoll(PQgetvalue(result.get(), row, column)); };
  for (int i = 0; i < count; ++i)
    list.push_back({(number(i, 0) + 1) * 1'000'000, static_cast<std::int32_t>(number(i, 2))});
  if (count == 0)
    give_up("could not read the zone", PQresultErrorMessage(result.get()));
  return Zone(static_cast<std::int32_t>(number(0, 1)), std::move(list), true);
}

} // namespace segmentation::core::fuzz
