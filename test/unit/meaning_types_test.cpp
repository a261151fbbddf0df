// Types and operators: what each comparison comes to, and which are refused.
#include "unit/meaning_check.hpp"

namespace segmentation::core::test {
namespace {

TEST(MeaningTypes, Numbers) {
  const Case cases[] = {
      {"points = 5", "customers.points = 5"},
      {"points != 5", "not(customers.points = 5)"},
      {"points < -2.50", "customers.points < -2.5"},
      {"points <= 5", "customers.points <= 5"},
      {"points > 5", "customers.points > 5"},
      {"points >= 5", "customers.points >= 5"},
      {"points BETWEEN 1 AND 2", "all(customers.points >= 1, customers.points <= 2)"},
      {"points NOT BETWEEN 1 AND 2", "not(all(customers.points >= 1, customers.points <= 2))"},
      {"points IN (3, 1, 2.0, 2)", "in(customers.points; 1, 2, 3)"},
      {"points NOT IN (3)", "not(in(customers.points; 3))"},
      {"points IS NULL", "not(present(customers.points))"},
      {"points IS NOT NULL", "present(customers.points)"},
  };
  expect_outcomes(cases);
}

TEST(MeaningTypes, Texts) {
  const Case cases[] = {
      {"city = 'Sofia'", "in(customers.city; Sofia)"},
      {"city != 'Sofia'", "not(in(customers.city; Sofia))"},
      {"city IN ('b', 'a', 'b')", "in(customers.city; a, b)"},
      {"city CONTAINS 'of'", "contains(customers.city; of)"},
      {"city CONTAINS ANY ('a', 'b')", "any(contains(customers.city; a), contains(customers.city; b))"},
      {"city NOT CONTAINS ALL ('a', 'b')",
       "not(all(contains(customers.city; a), contains(customers.city; b)))"},
      {"city STARTS WITH 'S'", "starts(customers.city; S)"},
      {"city NOT ENDS WITH 'a'", "not(ends(customers.city; a))"},
  };
  expect_outcomes(cases);
}

TEST(MeaningTypes, BooleansAreTwoValued) {
  const Case cases[] = {
      {"vip", "true(customers.vip)"},
      {"NOT vip", "not(true(customers.vip))"},
      {"vip = true", "true(customers.vip)"},
      {"vip != true", "not(true(customers.vip))"},
      {"vip = false", "all(present(customers.vip), not(true(customers.vip)))"},
      {"vip != false", "not(all(present(customers.vip), not(true(customers.vip))))"},
  };
  expect_outcomes(cases);
}

TEST(MeaningTypes, Dates) {
  const Case cases[] = {
      {"birth_date = 2026-05-30",
       "all(from(customers.birth_date; 2026-05-30), before(customers.birth_date; 2026-05-30+))"},
      {"birth_date != '2026-05-30'",
       "not(all(from(customers.birth_date; 2026-05-30), before(customers.birth_date; 2026-05-30+)))"},
      {"registered_at < -7d", "before(customers.registered_at; -7d)"},
      {"registered_at <= -7d", "before(customers.registered_at; -7d+)"},
      {"registered_at > '-7d'", "from(customers.registered_at; -7d+)"},
      {"registered_at >= today", "from(customers.registered_at; today)"},
      {"registered_at BETWEEN last_month AND '2026-05-30T16:00:00'",
       "all(from(customers.registered_at; last_month), before(customers.registered_at; "
       "2026-05-30T16:00:00+))"},
      {"registered_at NOT BETWEEN -7d AND -36h",
       "not(all(from(customers.registered_at; -7d), before(customers.registered_at; -36h+)))"},
  };
  expect_outcomes(cases);
}

TEST(MeaningTypes, AnniversaryAndAge) {
  const Case cases[] = {
      {"anniversary(birth_date) = today", "anniversary(customers.birth_date; today .. today+)"},
      {"anniversary(birth_date) != today", "not(anniversary(customers.birth_date; today .. today+))"},
      {"anniversary('birth_date') BETWEEN today AND +7d", "anniversary(customers.birth_date; today .. +7d+)"},
      {"anniversary(extra.born) NOT BETWEEN today AND +7d",
       "not(anniversary(customers.extra.born:instant; today .. +7d+))"},
      {"anniversary(birth_date) IS NULL", "not(present(customers.birth_date))"},
      {"age(birth_date) >= 18", "age(customers.birth_date) >= 18"},
      {"age(last(orders.created_at)) >= 1", "age(last(orders.created_at)) >= 1"},
      {"anniversary(birth_date) > today",
       "42804 [>] anniversary does not support \">\" | Use =, != or BETWEEN, as in "
       "BETWEEN today AND +7d."},
      {"anniversary(birth_date) = -36h", "42804 [-36h] anniversary is compared with whole days"},
      {"anniversary(city) = today", "42804 [city] city is not a date"},
      {"age(points) > 3", "42804 [points] points is not a date"},
      {"birthday", "42804 [birthday] birthday is a date, not a condition | Compare it with a value."},
  };
  expect_outcomes(cases);
}

TEST(MeaningTypes, JsonIsReadAsItsLiteral) {
  const Case cases[] = {
      {"extra.n > 5", "customers.extra.n:number > 5"},
      {"extra.n IN (5, 6)", "in(customers.extra.n:number; 5, 6)"},
      {"extra.n = '2026-01-01'", "in(customers.extra.n:text; 2026-01-01)"},
      {"extra.n IN ('a')", "in(customers.extra.n:text; a)"},
      {"extra.n = 2026-01-01",
       "all(from(customers.extra.n:instant; 2026-01-01), before(customers.extra.n:instant; 2026-01-01+))"},
      {"extra.n < '2026-01-01'", "before(customers.extra.n:instant; 2026-01-01)"},
      {"extra.n BETWEEN '2026-01-01' AND today",
       "all(from(customers.extra.n:instant; 2026-01-01), before(customers.extra.n:instant; today+))"},
      {"extra.n = false", "all(present(customers.extra.n:boolean), not(true(customers.extra.n:boolean)))"},
      {"extra.a.b", "true(customers.extra.a.b:boolean)"},
      {"extra.\"Key\".\"2\" = 'x'", "in(customers.extra.Key.2:text; x)"},
      {"extra.n STARTS WITH 'x'", "starts(customers.extra.n:text; x)"},
      {"extra.n IS NULL", "not(any(present(customers.extra.n:text), list_present(customers.extra.n:texts)))"},
      {"extra.n CONTAINS 'X'", "any(contains(customers.extra.n:text; X), list(customers.extra.n:texts; x))"},
      {"extra.n CONTAINS 5", "list(customers.extra.n:numbers; 5)"},
      {"extra.n > points", "customers.extra.n:number > customers.points"},
      {"city = extra.n", "customers.city = customers.extra.n:text"},
      {"extra.n > registered_at", "customers.extra.n:instant > customers.registered_at"},
      {"extra.n = extra.m", "customers.extra.n:text = customers.extra.m:text"},
      {"extra.n < extra.m", "customers.extra.n:number < customers.extra.m:number"},
      {"max(orders.extra.n) > 5", "max(orders.extra.n:number) > 5"},
      {"max(orders.extra.n) > today", "from(max(orders.extra.n:instant); today+)"},
      {"last(orders.extra.n) = 'x'", "in(last(orders.extra.n:text); x)"},
      {"sum(orders.extra.n) > 1", "sum(orders.extra.n:number) > 1"},
      {"max(orders.extra.n) = 'x'",
       "42804 [=] max(orders.extra.n) is a number or a date, not a text | Use first, last "
       "or mode for other values."},
      {"extra.n > 'abc'", "42804 [>] extra.n is a text and does not support \">\" | Use =, !=, IN, CONTAINS, "
                          "STARTS WITH or ENDS WITH."},
      {"extra.n > '2026-02-30'", "22008 ['2026-02-30'] there is no day '2026-02-30'"},
  };
  expect_outcomes(cases);
}

TEST(MeaningTypes, ValuesAgainstValues) {
  const Case cases[] = {
      {"points < spent", "customers.points < customers.spent"},
      {"points != spent", "not(customers.points = customers.spent)"},
      {"city = email_address", "customers.city = customers.email_address"},
      {"birth_date < registered_at", "customers.birth_date < customers.registered_at"},
      {"vip = vip", "any(all(true(customers.vip), true(customers.vip)), all(all(present(customers.vip), "
                    "not(true(customers.vip))), all(present(customers.vip), not(true(customers.vip)))))"},
      {"count(orders) > count(carts)", "count(orders) > count(carts)"},
      {"points = city", "42804 [=] points is a number and cannot be compared with city, which is a text"},
      {"city < email_address",
       "42804 [<] city is a text and does not support \"<\" | Use =, !=, IN, CONTAINS, STARTS "
       "WITH or ENDS WITH."},
      {"city = customer_tags",
       "42804 [=] customer_tags cannot be compared with another value | A list is tested with CONTAINS."},
  };
  expect_outcomes(cases);
}

TEST(MeaningTypes, MismatchesPointAtTheOperator) {
  const Case cases[] = {
      {"points = '5'",
       "42804 [=] points is a number and cannot be compared with the text '5' | Write 5 without quotes."},
      {"points > 'abc'", "42804 [>] points is a number and cannot be compared with the text 'abc'"},
      {"points = true", "42804 [=] points is a number and cannot be compared with true"},
      {"points BETWEEN 1 AND today",
       "42804 [BETWEEN] points is a number and cannot be compared with the date today"},
      {"points IN (1, 'b')", "42804 ['b'] points is a number and cannot be compared with the text 'b'"},
      {"points CONTAINS 'x'",
       "42804 [CONTAINS] points is a number and does not support \"CONTAINS\" | Use =, !=, <, <=, "
       ">, >=, BETWEEN or IN."},
      {"city = 5",
       "42804 [=] city is a text and cannot be compared with the number 5 | Put it in quotes: '5'."},
      {"city > 'x'",
       "42804 [>] city is a text and does not support \">\" | Use =, !=, IN, CONTAINS, STARTS WITH or ENDS "
       "WITH."},
      {"city NOT BETWEEN 'a' AND 'b'",
       "42804 [NOT BETWEEN] city is a text and does not support \"NOT BETWEEN\" | Use =, "
       "!=, IN, CONTAINS, STARTS WITH or ENDS WITH."},
      {"vip = 'true'",
       "42804 [=] vip is a boolean and cannot be compared with the text 'true' | Write true without quotes."},
      {"vip = 1", "42804 [=] vip is a boolean and cannot be compared with the number 1 | Compare it with "
                  "true or false."},
      {"vip > true",
       "42804 [>] vip is a boolean and does not support \">\" | Use = or !=, or the name alone."},
      {"birth_date = 5",
       "42804 [=] birth_date is a date and cannot be compared with the number 5 | Write a date as "
       "2026-05-30, 2026-05-30T16:00:00, today, -7d, -12m or last_month, quoted or not."},
      {"birth_date IN (2026-01-01)",
       "42804 [IN] birth_date is a date and does not support \"IN\" | Use =, !=, <, <=, >, "
       ">= or BETWEEN."},
      {"birth_date = '2026-02-30'", "22008 ['2026-02-30'] there is no day '2026-02-30'"},
      {"city", "42804 [city] city is a text, not a condition | Compare it with a value."},
      {"count(orders) >= 2.5", "42804 [>=] a count is a whole number, not 2.5"},
      {"orders MATCHES (months IN (1, 1.5))", "42804 [1.5] a count is a whole number, not 1.5"},
  };
  expect_outcomes(cases);
}

} // namespace
} // namespace segmentation::core::test
