// customer_within_distance: what it comes to, how it is refused, and how SQL asks it.
#include "core/program/sql_printer.hpp"

#include "unit/meaning_check.hpp"

#include <string>

namespace segmentation::core::test {
namespace {

const Meaning &placed_shop() {
  static const std::shared_ptr<const Meaning> meaning = [] {
    Schema schema = shop_schema();
    schema.relations[customers].columns.push_back(make_column("latitude", Kind::number));
    define_value(schema, "longitude", "extra.place.lng");
    define_value(schema, "nearby",
                 "customer_within_distance(coordinates: (45.42, -75.69), distance_km: 10) = true");
    define_segment(schema, "Near", "nearby");
    return meaning_of(std::move(schema));
  }();
  return *meaning;
}

std::string call(const std::string &arguments) {
  return "customer_within_distance(" + arguments + ")";
}

const char *const within_ten =
    "within(customers.latitude, customers.extra.place.lng:number; 10 km of 45.42, -75.69)";

TEST(MeaningDistance, ReadsTheAttributesLatitudeAndLongitude) {
  const std::string ten = within_ten;
  const std::string rule = call("coordinates: (45.42, -75.69), distance_km: 10");
  EXPECT_EQ(outcome(rule, placed_shop()), ten);
  EXPECT_EQ(outcome(rule + " = true", placed_shop()), ten);
  EXPECT_EQ(outcome(rule + " != false", placed_shop()), ten);
  EXPECT_EQ(outcome(rule + " = false", placed_shop()), "not(" + ten + ")");
  EXPECT_EQ(outcome("NOT " + rule, placed_shop()), "not(" + ten + ")");
  EXPECT_EQ(outcome("customer_within_distance MATCHES (distance_km = 10, coordinates = (45.420, -75.690))",
                    placed_shop()),
            ten);
  EXPECT_EQ(
      outcome("Customer_Within_Distance NOT MATCHES (Distance_KM = 10 AND coordinates = (45.42, -75.69))",
              placed_shop()),
      "not(" + ten + ")");
  EXPECT_EQ(outcome("nearby", placed_shop()), ten);
  EXPECT_EQ(outcome("segments CONTAINS 'near'", placed_shop()), "segment Near(" + ten + ")");
}

TEST(MeaningDistance, MilesAreKilometresExactly) {
  EXPECT_EQ(outcome(call("coordinates: (45.42, -75.69), distance_mi: 6.2"), placed_shop()),
            "within(customers.latitude, customers.extra.place.lng:number; 9.9779328 km of 45.42, -75.69)");
  EXPECT_EQ(outcome(call("coordinates: (90, 180), distance_mi: 0"), placed_shop()),
            "within(customers.latitude, customers.extra.place.lng:number; 0 km of 90, 180)");
  const std::string huge = "1" + std::string(400, '0');
  EXPECT_EQ(outcome(call("coordinates: (-90, -180), distance_km: " + huge), placed_shop()),
            "within(customers.latitude, customers.extra.place.lng:number; 100000 km of -90, -180)");
  const std::string tiny = "0." + std::string(400, '0') + "1";
  EXPECT_EQ(outcome(call("coordinates: (" + tiny + ", -" + tiny + "), distance_km: " + tiny), placed_shop()),
            "within(customers.latitude, customers.extra.place.lng:number; 0 km of 0, 0)");
}

TEST(MeaningDistance, RefusesWhatIsNoCircle) {
  const std::string example =
      " | Write customer_within_distance(coordinates: (45.42, -75.69), distance_km: 10) = true.";
  const std::pair<std::string, std::string> cases[] = {
      {"coordinates: (45.42, -75.69)",
       "42601 [customer_within_distance] customer_within_distance needs distance_km or distance_mi" +
           example},
      {"distance_km: 5",
       "42601 [customer_within_distance] customer_within_distance needs coordinates" + example},
      {"", "42601 [customer_within_distance] customer_within_distance needs coordinates and a distance" +
               example},
      {"coordinates: (1, 2), distance_km: 5, distance_mi: 5",
       "42601 [distance_mi] customer_within_distance takes one of distance_km and distance_mi, not both"},
      {"coordinates: (1, 2), distance_m: 5",
       "42703 [distance_m] customer_within_distance has no parameter \"distance_m\" | Perhaps you meant "
       "\"distance_km\" or \"distance_mi\"."},
      {"coordinates: (1, 2), radius: 5",
       "42703 [radius] customer_within_distance has no parameter \"radius\" | Its parameters are "
       "\"coordinates\", \"distance_km\" and \"distance_mi\"."},
      {"coordinates: (90.000001, 2), distance_km: 5",
       "22003 [coordinates: (90.000001, 2)] latitude 90.000001 is not between -90 and 90 degrees"},
      {"coordinates: (-75.69, 180.5), distance_km: 5",
       "22003 [coordinates: (-75.69, 180.5)] longitude 180.5 is not between -180 and 180 degrees"},
      {"coordinates: (1, 2), distance_mi: -0.5", "22003 [-0.5] distance_mi -0.5 is negative"},
      {"coordinates: (1, 2), distance_km: 'x'", "42804 [distance_km] distance_km is one number" + example},
      {"coordinates: (1, 2), distance_km: (1, 2)", "42804 [distance_km] distance_km is one number" + example},
      {"coordinates: (1, 2, 3), distance_km: 5",
       "42804 [coordinates] coordinates are a latitude and a longitude in degrees" + example},
  };
  for (const auto &[arguments, expected] : cases) {
    EXPECT_EQ(outcome(call(arguments), placed_shop()), expected);
  }
}

TEST(MeaningDistance, StandsInACustomersPlaceOnly) {
  const std::string rule = call("coordinates: (1, 2), distance_km: 5");
  const std::string refused =
      "42601 [customer_within_distance] customer_within_distance is about the customer and cannot stand in a "
      "condition on rows | Test it beside MATCHES (...), joined by AND.";
  EXPECT_EQ(outcome("orders MATCHES (" + rule + ")", placed_shop()), refused);
  EXPECT_EQ(outcome("sum(orders.total MATCHES (paid OR " + rule + ")) > 5", placed_shop()), refused);
  Schema bound = shop_schema();
  set_condition(bound, orders, rule);
  EXPECT_EQ(prepare_meaning(std::move(bound)).diagnostics.at(0).message,
            "condition of \"orders\": customer_within_distance is about the customer and cannot stand in a "
            "condition on rows");
}

TEST(MeaningDistance, SaysHowToGiveAPosition) {
  const std::string hint =
      " | customer_within_distance reads the attributes latitude and longitude: give them with "
      "define_attribute('latitude', ...) and define_attribute('longitude', ...).";
  const std::string rule = call("coordinates: (1, 2), distance_km: 5");
  EXPECT_EQ(outcome(rule), "42703 [customer_within_distance] attribute \"latitude\" does not exist" + hint +
                               "\n42703 [customer_within_distance] attribute \"longitude\" does not exist" +
                               hint);
  Schema schema = shop_schema();
  define_value(schema, "latitude", "city");
  define_value(schema, "longitude", "interests");
  EXPECT_EQ(outcome(rule, *meaning_of(schema)),
            "42804 [customer_within_distance] latitude is a text, not a number of degrees" + hint +
                "\n42804 [customer_within_distance] longitude is a list, not a number of degrees" + hint);
}

TEST(MeaningDistance, IsAskedOfSqlInDoublePrecision) {
  Schema schema = shop_schema();
  schema.zone_name = "UTC";
  define_value(schema, "latitude", "spent");
  define_value(schema, "longitude", "avg(orders.total) / 3");
  const auto meaning = meaning_of(std::move(schema));
  const Checked checked =
      check("customer_within_distance(coordinates: (45.42, -75.69), distance_mi: 6.2) = false", *meaning);
  ASSERT_TRUE(checked.rule);
  EXPECT_EQ(print_sql(*checked.rule, *meaning, {}), R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      sum("orders"."total") AS "sum_1",
      count("orders"."total")::numeric AS "values_2"
  FROM "shop"."orders" AS "orders"
  GROUP BY "orders"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
WHERE (segmentation.distance_km("customers"."spent"::numeric, div("m1"."sum_1"::numeric * 1000000000000, NULLIF(NULLIF("m1"."values_2" * 3::numeric, 0), 0)) / 1000000000000, 45.42::double precision, (-75.69)::double precision) <= 9.9779328::double precision) IS NOT TRUE)sql");
}

} // namespace
} // namespace segmentation::core::test
