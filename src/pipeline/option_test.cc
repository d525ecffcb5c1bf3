// SPDX-License-Identifier: Apache-2.0
// Every given option is checked, at its place in the file; secrets stay out of the errors.
#include "pipeline/option.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

std::vector<OptionSpec> Specs() {
  return {
      {.key = "hostname", .description = "address of the server", .required = true},
      {.key = "port", .type = OptionType::kInteger, .default_value = "3306"},
      {.key = "password", .secret = true},
      {.key = "pin", .type = OptionType::kInteger, .default_value = "1", .secret = true},
      {.key = "mode", .type = OptionType::kEnum, .default_value = "initial", .values = {"initial", "latest-offset"}},
      {.key = "factor", .type = OptionType::kDouble, .default_value = "0.5", .aliases = {"old.factor"}},
      {.key = "eager", .type = OptionType::kBoolean, .default_value = "true"},
      {.key = "wait", .type = OptionType::kDuration, .default_value = "30 s"},
      {.key = "pool", .type = OptionType::kInteger, .status = OptionStatus::kIgnored, .reason = "there is no pool"},
      {.key = "hive", .status = OptionStatus::kRefused, .reason = "there is no Hive catalog"},
      {.key = "table.properties.*"},
      {.key = "table.properties.count", .type = OptionType::kInteger},
  };
}
Options::Value V(std::string text, int line = 7) { return {std::move(text), {"a.yaml", line, 3}, false}; }
std::map<std::string, Options::Value> With(std::string key, Options::Value value) {
  return {{"hostname", V("db")}, {std::move(key), std::move(value)}};
}
Result<Options> Check(const std::map<std::string, Options::Value>& given,
                      std::vector<std::string>* warnings = nullptr) {
  std::vector<std::string> ignored;
  return Options::Check("source \"mysql\"", Specs(), given, {"a.yaml", 1, 1}, warnings ? *warnings : ignored);
}
std::string ErrorOf(const std::map<std::string, Options::Value>& given) {
  auto options = Check(given);
  return options.ok() ? "fine" : options.error().ToString();
}

TEST(Options, DefaultsAndGivenValues) {
  auto options =
      Check({{"hostname", V("db")}, {"mode", V("LATEST-offset")}, {"old.factor", V("2.5")}, {"wait", V("2 min")}});
  ASSERT_TRUE(options.ok()) << options.error().ToString();
  EXPECT_EQ(options->Text("hostname"), "db");
  EXPECT_EQ(options->Integer("port"), 3306);
  EXPECT_EQ(options->Text("mode"), "latest-offset");
  EXPECT_EQ(options->Double("factor"), 2.5);
  EXPECT_TRUE(options->Boolean("eager"));
  EXPECT_EQ(options->DurationMs("wait"), 120'000);
  EXPECT_TRUE(options->Has("factor"));
  EXPECT_FALSE(options->Has("port"));
  EXPECT_EQ(options->PlaceOf("port").ToString(), "a.yaml:1:1");
  EXPECT_EQ(options->PlaceOf("wait").ToString(), "a.yaml:7:3");
}

TEST(Options, OfManyKnownKeysTheNearestAreNamed) {
  std::vector<OptionSpec> specs;
  for (int i = 10; i < 40; ++i) specs.push_back({.key = Str("option.number-", i)});
  specs.push_back({.key = "ignored.option", .status = OptionStatus::kIgnored, .reason = "x"});
  std::vector<std::string> warnings;
  auto options = Options::Check("-D", specs, {{"zzzzzz.number-33", V("x")}}, {"command line", 0, 0}, warnings);
  ASSERT_FALSE(options.ok());
  EXPECT_EQ(options.error().hint,
            "remove it; the nearest of 30 known options: option.number-33, option.number-13, option.number-23, "
            "option.number-30, option.number-31");
}

TEST(Options, UnknownKeyHasPlaceAndNearestName) {
  EXPECT_EQ(ErrorOf(With("hostnmae", V("x"))),
            "a.yaml:7:3: unknown option \"hostnmae\" of source \"mysql\"\nhint: did you mean \"hostname\"?");
  EXPECT_NE(ErrorOf(With("zzzzzzzzzz", V("x"))).find("known options: hostname, port"), std::string::npos);
  EXPECT_NE(ErrorOf(With("table.properties.", V("x"))).find("unknown option"), std::string::npos);
}

TEST(Options, RefusedMissingTwiceAndIgnored) {
  EXPECT_EQ(
      ErrorOf(With("hive", V("x"))),
      "a.yaml:7:3: option \"hive\" of source \"mysql\" is not supported: there is no Hive catalog\nhint: remove it");
  EXPECT_EQ(ErrorOf({}),
            "a.yaml:1:1: source \"mysql\" lacks the required option \"hostname\"\n"
            "hint: hostname: address of the server");
  EXPECT_NE(ErrorOf({{"hostname", V("x")}, {"factor", V("1")}, {"old.factor", V("1")}}).find("given twice"),
            std::string::npos);
  std::vector<std::string> warnings;
  EXPECT_TRUE(Check(With("pool", V("5")), &warnings).ok());
  EXPECT_EQ(warnings, std::vector<std::string>{
                          "a.yaml:7:3: option \"pool\" of source \"mysql\" has no effect: there is no pool"});
}

TEST(Options, IllTypedValues) {
  EXPECT_NE(ErrorOf(With("port", V("33o6")))
                .find("a.yaml:7:3: option \"port\" of source \"mysql\" wants a whole number, "
                      "but is \"33o6\""),
            std::string::npos);
  EXPECT_NE(ErrorOf(With("port", V("3000000000"))).find("whole number"), std::string::npos);
  EXPECT_NE(ErrorOf(With("eager", V("yes"))).find("true or false"), std::string::npos);
  EXPECT_NE(ErrorOf(With("wait", V("soon"))).find("duration"), std::string::npos);
  EXPECT_NE(ErrorOf(With("mode", V("latest-ofset"))).find("did you mean \"latest-offset\"?"), std::string::npos);
  EXPECT_NE(ErrorOf(With("table.properties.count", V("many"))).find("whole number"), std::string::npos);
}

TEST(Options, NumbersOutOfRange) {
  const std::vector<OptionSpec> specs = {{.key = "port", .type = OptionType::kInteger, .least = 1, .most = 65535},
                                         {.key = "retries", .type = OptionType::kInteger, .least = 0}};
  const auto error = [&](const char* key, const char* text) {
    std::vector<std::string> warnings;
    auto checked = Options::Check("source", specs, {{key, V(text)}}, {}, warnings);
    return checked.ok() ? std::string("fine") : checked.error().message;
  };
  for (const char* text : {"0", "-5", "65536", "118313", "3000000000"}) {
    EXPECT_NE(error("port", text).find("wants a whole number from 1 to 65535, but is"), std::string::npos) << text;
  }
  EXPECT_NE(error("retries", "-1").find("wants a whole number, at least 0, but is \"-1\""), std::string::npos);
  EXPECT_EQ(error("retries", "0") + error("port", "1") + error("port", "65535"), "finefinefine");
}

TEST(Options, SecretsAreNotShown) {
  EXPECT_EQ(ErrorOf(With("pin", V("hunter2"))).find("hunter2"), std::string::npos);
  Options::Value from_environment = V("hunter2");
  from_environment.secret = true;
  EXPECT_EQ(ErrorOf(With("port", from_environment)).find("hunter2"), std::string::npos);
  EXPECT_EQ(ErrorOf(With("mode", from_environment)).find("hunter2"), std::string::npos);
}

TEST(Options, Families) {
  auto options = Check({{"hostname", V("db")}, {"table.properties.a.b", V("1")}, {"table.properties.count", V("2")}});
  ASSERT_TRUE(options.ok());
  auto family = options->WithPrefix("table.properties.");
  ASSERT_EQ(family.size(), 2u);
  EXPECT_EQ(family["a.b"].text, "1");
  EXPECT_EQ(options->Integer("table.properties.count"), 2);
}

TEST(ParseDurationMs, AsFlink) {
  EXPECT_EQ(*ParseDurationMs("10s"), 10'000);
  EXPECT_EQ(*ParseDurationMs(" 500 ms "), 500);
  EXPECT_EQ(*ParseDurationMs("3 min"), 180'000);
  EXPECT_EQ(*ParseDurationMs("1h"), 3'600'000);
  EXPECT_EQ(*ParseDurationMs("2 DAYS"), 172'800'000);
  EXPECT_EQ(*ParseDurationMs("250"), 250);
  EXPECT_EQ(*ParseDurationMs("1500 micros"), 1);
  for (const char* bad : {"", "s", "-1s", "1.5s", "10 fortnights", "99999999999999999999s", "9223372036854775807 d"}) {
    EXPECT_FALSE(ParseDurationMs(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace sluice
