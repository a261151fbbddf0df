// customer_within_distance judged and explained: positions of every form, to the last bit of the formula.
#include "core/meaning/checker.hpp"
#include "core/rule/parser.hpp"
#include "core/value/distance.hpp"

#include "program_world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace segmentation::core::test {
namespace {

MaybeValue number(const std::string &digits) {
  Value value;
  value.number = *Decimal::parse(digits);
  return value;
}

/// A shop in which a customer's position is (score, credit * 3 / points).
class Town {
public:
  Town() {
    Schema schema = world_schema();
    for (const auto &[name, text] : {std::pair{"latitude", "score"}, {"longitude", "credit * 3 / points"}}) {
      Parsed<AttributeExpression> parsed = parse_attribute(text);
      DefinedAttribute attribute;
      attribute.name = name;
      attribute.value = std::make_shared<const core::Value>(std::move(*parsed.value->value));
      schema.attributes.push_back(std::move(attribute));
    }
    shop_.meaning = *prepare_meaning(std::move(schema)).meaning;
    shop_.tables.resize(shop_.meaning.schema.relations.size());
  }

  /// Places a customer and asks; returns "yes" or "no" with what explain() says, its parts separated by "; ".
  std::string ask(const std::string &rule, MaybeValue score, MaybeValue credit, MaybeValue points) {
    shop_.tables[customers] = {
        {number("1"), {}, std::move(credit), std::move(points), std::move(score), {}, {}, {}, {}, {}}};
    const auto meaning = std::make_shared<const Meaning>(shop_.meaning);
    const Checked checked = check_rule(parse_rule(rule).value->condition, *meaning);
    if (!checked.rule)
      return checked.diagnostics.at(0).message;
    const auto program = Program::compile(meaning, {*checked.rule, *checked.rule}, true, Purpose::explaining);
    const Zone utc;
    Population population(*program, Moment::at(0, utc), true);
    std::mt19937_64 random(1);
    feed(shop_, *program, population, true, 100, random);
    Verdicts verdicts;
    population.evaluate(0, 1, verdicts);
    EXPECT_EQ(verdicts.until.at(0), instant_infinity);
    const auto lines = population.explain(0, 0, rule);
    const Explanation &line = lines.at(0);
    EXPECT_EQ(line.holds, verdicts.holds.at(0) != 0);
    std::string out = line.holds ? "yes" : "no";
    out += line.actual ? "; " + *line.actual : "";
    return out + (line.missing ? "; short of " + *line.missing : "");
  }

private:
  Shop shop_;
};

const std::string ottawa = "customer_within_distance(coordinates: (45.42, -75.69), distance_km: 9)";

TEST(ProgramDistance, HoldsWithinTheCircleAndSaysHowFar) {
  Town town;
  EXPECT_EQ(town.ask(ottawa, number("45.42"), number("-75.69"), number("3")), "yes; 0.0 km");
  EXPECT_EQ(town.ask(ottawa, number("45.5"), number("-75.7"), number("3")), "yes; 8.9 km");
  EXPECT_EQ(town.ask(ottawa, number("45.53"), number("-75.7"), number("3")),
            "no; 12.3 km; short of 3.3 km closer");
  EXPECT_EQ(town.ask("NOT " + ottawa, number("45.53"), number("-75.7"), number("3")), "yes");
  EXPECT_EQ(town.ask(ottawa + " = false", number("45.53"), number("-75.7"), number("3")), "yes; 12.3 km");
  EXPECT_EQ(
      town.ask(ottawa + " = false", number("45.5"), number("-75.7"), number("3")),
      "no; 8.9 km; short of customer_within_distance(coordinates: (45.42, -75.69), distance_km: 9) = false");
  EXPECT_EQ(town.ask("customer_within_distance(coordinates: (45.42, -75.69), distance_mi: 5)", number("45.5"),
                     number("-75.7"), number("3")),
            "no; 5.5 mi; short of 0.6 mi closer");
}

TEST(ProgramDistance, MissingAndAbsurdPositionsAreNowhere) {
  Town town;
  const std::string anywhere = "customer_within_distance(coordinates: (0, 0), distance_km: 99999)";
  EXPECT_EQ(town.ask(anywhere, {}, number("1"), number("3")),
            "no; missing; short of customer_within_distance(coordinates: (0, 0), distance_km: 99999)");
  EXPECT_EQ(town.ask(anywhere, number("1"), {}, number("3")),
            "no; missing; short of customer_within_distance(coordinates: (0, 0), distance_km: 99999)");
  EXPECT_EQ(
      town.ask(anywhere, number("1"), number("1"), number("0")),
      "no; missing; short of customer_within_distance(coordinates: (0, 0), distance_km: 99999)"); // divided
                                                                                                  // by zero
  EXPECT_EQ(town.ask(anywhere, number("1e30"), number("1"), number("3")),
            "no; missing; short of customer_within_distance(coordinates: (0, 0), distance_km: 99999)");
  EXPECT_EQ(town.ask(anywhere, number("-90.0000001"), number("1"), number("3")),
            "no; missing; short of customer_within_distance(coordinates: (0, 0), distance_km: 99999)");
  EXPECT_EQ(town.ask(anywhere, number("1"), number("180.01"), number("3")),
            "no; missing; short of customer_within_distance(coordinates: (0, 0), distance_km: 99999)");
  EXPECT_EQ(town.ask("NOT " + anywhere, number("1e30"), number("1"), number("3")), "yes");
  // Numbers that no double holds are near zero all the same.
  EXPECT_EQ(town.ask(anywhere, number("0." + std::string(400, '0') + "1"), number("0"), number("-3")),
            "yes; 0.0 km");
  EXPECT_EQ(town.ask(anywhere, number("-12345678901234567890.5e-19"), number("0"), number("3")),
            "yes; 137.3 km");
}

TEST(ProgramDistance, ThePoleIsOnePlaceAndTheDateLineNoEdge) {
  Town town;
  EXPECT_EQ(town.ask("customer_within_distance(coordinates: (90, -75.69), distance_km: 0.000001)",
                     number("90"), number("180"), number("3")),
            "yes; 0.0 km");
  EXPECT_EQ(town.ask("customer_within_distance(coordinates: (-17.8, 179.9), distance_km: 22)",
                     number("-17.8"), number("-179.9"), number("3")),
            "yes; 21.2 km");
  EXPECT_EQ(town.ask("customer_within_distance(coordinates: (0, 0), distance_km: 20015.2)", number("0"),
                     number("180"), number("3")),
            "yes; 20015.1 km");
}

TEST(ProgramDistance, TheCircleItselfIsInside) {
  Town town;
  const double kilometres = distance_km(45.5, -75.7, {45.42, -75.69, 0, false});
  const auto rule = [](double distance) {
    return fmt::format("customer_within_distance(coordinates: (45.42, -75.69), distance_km: {:.30f})",
                       distance);
  };
  EXPECT_EQ(town.ask(rule(kilometres), number("45.5"), number("-75.7"), number("3")), "yes; 8.9 km");
  EXPECT_EQ(town.ask(rule(std::nextafter(kilometres, 0)), number("45.5"), number("-75.7"), number("3")),
            "no; 8.9 km; short of 0.1 km closer");
}

TEST(ProgramDistance, AQuotientIsCutToItsPlaces) {
  // 10 * 3 / 7 and what it is cut to are one place.
  Town town;
  EXPECT_EQ(town.ask("customer_within_distance(coordinates: (1, 4.285714285714), distance_km: 0)",
                     number("1"), number("10"), number("7")),
            "yes; 0.0 km");
  EXPECT_EQ(town.ask("customer_within_distance(coordinates: (1, -4.2857142857142857), distance_km: 0)",
                     number("1"), number("-10"), number("7")),
            "yes; 0.0 km");
}

} // namespace
} // namespace segmentation::core::test
