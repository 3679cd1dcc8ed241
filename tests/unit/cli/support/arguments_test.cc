// SPDX-License-Identifier: Apache-2.0
#include "cli/support/arguments.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace freshet::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The error of an option with this check that is given `text`; empty if there is none.
std::string error_of(const CLI::Validator& check, const std::string& text) {
  CLI::App app;
  std::string taken;
  app.add_option("--n", taken)->check(check);
  try {
    app.parse(std::vector<std::string>{text, "--n"});  // back to front
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

TEST(Arguments, AWholeNumberHasDigitsOnlyAndIsInItsRange) {
  for (const char* text : {"0", "7", "18446744073709551615"}) EXPECT_EQ(error_of(whole_number(), text), "") << text;
  for (const char* text : {"-1", "-0", "1.5", "1e3", "0x10", "", " 1", "+1", "nan", "18446744073709551616"}) {
    EXPECT_THAT(error_of(whole_number(), text), HasSubstr("is not a whole number, 0 or more")) << text;
  }
  EXPECT_EQ(error_of(whole_number(1, 9), "9"), "");
  for (const char* text : {"0", "10"}) {
    EXPECT_EQ(error_of(whole_number(1, 9), text),
              "--n: \"" + std::string(text) + "\" is not a whole number from 1 to 9");
  }
}

TEST(Arguments, ANumberIsFiniteAndInItsRange) {
  for (const char* text : {"0", "0.25", "0.9", "1e-3"}) EXPECT_EQ(error_of(number_between(0, 0.9), text), "") << text;
  for (const char* text : {"nan", "inf", "-0.1", "0.91", "0.5x", ""}) {
    EXPECT_THAT(error_of(number_between(0, 0.9), text), HasSubstr("is not a number from 0 to 0.9")) << text;
  }
}

std::string unknown(const std::vector<const char*>& words) {
  CLI::App app;
  app.add_subcommand("serve");
  CLI::App* config = app.add_subcommand("config");
  config->add_subcommand("check")->add_option("file");
  config->add_subcommand("print");
  return unknown_command(app, words);
}

TEST(Arguments, AnUnknownCommandIsNamedWithTheNearestOne) {
  EXPECT_THAT(unknown({"srve"}), AllOf(HasSubstr("\"srve\""), HasSubstr("\"serve\"?"), HasSubstr("freshet --help")));
  EXPECT_THAT(unknown({"config", "chekc", "--help"}),
              AllOf(HasSubstr("\"chekc\""), HasSubstr("\"check\"?"), HasSubstr("freshet config --help")));
  EXPECT_THAT(unknown({"xylophone"}), HasSubstr("the commands are serve, config"));
}

TEST(Arguments, KnownCommandsAndOptionsAreLeftToTheParser) {
  for (const std::vector<const char*>& words : std::vector<std::vector<const char*>>{{},
                                                                                     {"serve"},
                                                                                     {"serve", "--srve"},
                                                                                     {"serve", "more"},
                                                                                     {"--help"},
                                                                                     {"config"},
                                                                                     {"config", "check", "srve"}}) {
    EXPECT_EQ(unknown(words), "");
  }
}

}  // namespace
}  // namespace freshet::cli
