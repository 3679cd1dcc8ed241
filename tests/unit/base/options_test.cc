// SPDX-License-Identifier: Apache-2.0
#include "base/options.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

using namespace std::chrono_literals;

struct Inner {
  std::string password;
  std::map<std::string, std::string> properties;

  static std::vector<Option<Inner>> describe() {
    return {
        option::text("password", &Inner::password, "A password.").secret(),
        option::verbatim<Inner, std::map<std::string, std::string>>(
            "properties", &Inner::properties, "table of text", "Properties.",
            [](const auto& properties) {
              return properties.contains("bad") ? OptionProblems{{"bad", "is bad"}} : OptionProblems{};
            }),
    };
  }
};

struct Outer {
  std::uint16_t port = 8080;
  std::size_t width = 32;
  std::size_t bytes = 1024;
  double rate = 0.5;
  std::chrono::hours age{24};
  std::vector<double> steps{1, 2};
  bool on = false;
  Inner inner;

  static std::vector<Option<Outer>> describe() {
    std::vector<Option<Outer>> all{
        option::integer("port", &Outer::port, {0, 65535}, "A port."),
        option::integer("width", &Outer::width, {16, 64, 16}, "A width.").formerly("breadth"),
        option::size("bytes", &Outer::bytes, {1024, 1 << 20}, "A size."),
        option::number("rate", &Outer::rate, {0.01, 1}, "A rate."),
        option::duration("age", &Outer::age, {1h, 48h}, "An age."),
        option::rising_numbers("steps", &Outer::steps, 3, "Steps."),
        option::flag("on", &Outer::on, "A flag."),
    };
    append(all, within("inner", &Outer::inner));
    return all;
  }
};

const Option<Outer>& find(std::string_view key) {
  static const std::vector<Option<Outer>> all = Outer::describe();
  return *std::ranges::find(all, key, &Option<Outer>::key);
}

std::string set(Outer& outer, std::string_view key, const OptionValue& value) {
  const OptionProblems problems = find(key).set(outer, value);
  return problems.empty() ? "" : to_string(problems.front());
}

TEST(Options, AreSetWithinTheirRangeOnly) {
  Outer outer;
  EXPECT_EQ(set(outer, "port", std::int64_t{65536}), "port: expected an integer 0 to 65535");
  EXPECT_EQ(set(outer, "width", std::int64_t{40}), "width: expected an integer 16 to 64, a multiple of 16");
  EXPECT_EQ(set(outer, "bytes", "2MiB"), "bytes: expected a size 1KiB to 1MiB, such as \"64MiB\"");
  EXPECT_EQ(set(outer, "rate", 0.0), "rate: expected a number 0.01 to 1");
  EXPECT_EQ(set(outer, "age", "3d"), "age: expected a duration 1h to 2d, such as \"30s\"");
  EXPECT_EQ(set(outer, "age", "90m"), "age: expected whole hours");
  EXPECT_EQ(check(Outer::describe(), outer), OptionProblems{});
  EXPECT_EQ(set(outer, "width", std::int64_t{48}), "");
  EXPECT_EQ(set(outer, "age", "2h"), "");
  EXPECT_EQ(outer.width, 48U);
  EXPECT_EQ(outer.age, 2h);
  EXPECT_EQ(find("age").get(outer), OptionValue("2h"));
}

TEST(Options, AreCheckedHoweverTheyWereSet) {
  Outer outer;
  outer.width = 17;
  outer.rate = std::numeric_limits<double>::quiet_NaN();
  outer.age = 0h;
  // Texts, lists and tables are set as they are: what they hold may still be replaced.
  EXPECT_EQ(set(outer, "steps", std::vector<double>{2, 1}), "");
  EXPECT_EQ(set(outer, "inner.properties", std::map<std::string, std::string>{{"bad", "x"}}), "");
  EXPECT_EQ(check(Outer::describe(), outer),
            (OptionProblems{{"width", "expected an integer 16 to 64, a multiple of 16"},
                            {"rate", "expected a number 0.01 to 1"},
                            {"age", "expected a duration 1h to 2d, such as \"30s\""},
                            {"steps", "expected a list of 1 to 3 numbers above 0 in rising order"},
                            {"inner.properties.bad", "is bad"}}));
}

TEST(Options, OfAStructWithinAreInItsSection) {
  Outer outer;
  EXPECT_EQ(set(outer, "inner.password", "open sesame"), "");
  EXPECT_EQ(outer.inner.password, "open sesame");
  EXPECT_TRUE(find("inner.password").is_secret(""));
  EXPECT_FALSE(find("inner.properties").is_secret);
}

TEST(Options, KeepTheirFormerNameInARenamedSection) {
  EXPECT_EQ(find("width").former_key, "breadth");
  const auto lifted =
      within<Outer, Outer>("shape", [](auto& outer) -> auto& { return outer; }, Outer::describe(), "form");
  EXPECT_EQ(lifted.front().key, "shape.port");
  EXPECT_EQ(lifted.front().former_key, "form.port");
}

}  // namespace
}  // namespace freshet
