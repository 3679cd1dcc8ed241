// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/recorded_events.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_directory.h"

namespace freshet::cli {
namespace {

class RecordedEventsTest : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    std::string path = dir_.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  /// The items of the remaining events.
  static std::string items(RecordedEvents& events) {
    std::string items;
    while (const auto event = events.next()) items += event->item;
    return items;
  }

  testing::TempDirectory dir_;
  const std::vector<std::string> files_{file("1.tsv", "s\ta\t1\ns\tb\t2\nbroken\n"),
                                        file("2.tsv", "s\tc\t3\ns\td\t4\n")};
  const StreamFormat format_{{"session", "item", "time"}, false};
};

TEST_F(RecordedEventsTest, ReadsOneFileAfterTheOther) {
  RecordedEvents events(files_, format_, 0, UINT64_MAX);
  EXPECT_EQ(items(events), "abcd");
  EXPECT_EQ(events.position(), 4U);
  EXPECT_EQ(events.skipped_lines(), 1U);
  EXPECT_EQ(events.out_of_order(), 0U);
}

TEST_F(RecordedEventsTest, SkipAndLimitCountEventsOverAllFiles) {
  RecordedEvents events(files_, format_, 1, 2);
  EXPECT_EQ(events.next()->item, "b");
  EXPECT_EQ(events.position(), 2U);
  EXPECT_EQ(events.place(), "1.tsv:2");
  EXPECT_DOUBLE_EQ(events.part(), 0.5);
  EXPECT_EQ(items(events), "c");
  EXPECT_EQ(events.taken(), 2U);
}

TEST_F(RecordedEventsTest, CountsEventsThatAreEarlierThanOneBefore) {
  RecordedEvents events({file("late.tsv", "s\ta\t5\ns\tb\t3\ns\tc\t4\ns\td\t5\n")}, format_, 0, UINT64_MAX);
  EXPECT_EQ(items(events), "abcd");
  EXPECT_EQ(events.out_of_order(), 2U);
}

TEST_F(RecordedEventsTest, SaysWhyThereIsNoEvent) {
  const auto why = [&](std::vector<std::string> files, std::uint64_t skip) {
    RecordedEvents events(std::move(files), format_, skip, UINT64_MAX);
    EXPECT_EQ(items(events), "");
    return events.why_none();
  };
  EXPECT_EQ(why(files_, 4), "no events: --skip leaves none of 4");
  EXPECT_EQ(why({file("broken.tsv", "a\nb\n")}, 0), "no events: every line was skipped, 2 in all");
  EXPECT_EQ(why({file("empty.tsv", "")}, 0), "no events: the file is empty");
}

TEST_F(RecordedEventsTest, FindsTheNewestOfTheEventsThatItWillRead) {
  const auto late = file("late.tsv", "s\te\t2\n");
  RecordedEvents events({files_[0], files_[1], late}, format_, 1, 2);
  EXPECT_EQ(events.find_newest(), Timestamp{std::chrono::seconds(3)});
  EXPECT_EQ(items(events), "bc");
  EXPECT_EQ(events.position(), 3U);
  EXPECT_EQ(events.skipped_lines(), 1U);
  RecordedEvents none({file("empty.tsv", "")}, format_, 0, UINT64_MAX);
  EXPECT_EQ(none.find_newest(), std::nullopt);
}

TEST_F(RecordedEventsTest, AFileThatIsNotThereIsNamed) {
  RecordedEvents events({dir_.path() + "/absent.tsv"}, format_, 0, UINT64_MAX);
  try {
    events.next();
    FAIL() << "read an absent file";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("absent.tsv"), std::string::npos);
  }
}

TEST(StreamArguments, TheConfigurationNamesColumnsWhereTheCommandLineDoesNot) {
  app::Config config;
  config.replay_columns = {"user", "item"};
  StreamArguments arguments;
  EXPECT_EQ(arguments.format(config).columns, config.replay_columns);
  arguments.columns = "item,session";
  EXPECT_EQ(arguments.format(config).columns, (std::vector<std::string>{"item", "session"}));
  arguments.columns = "item,sesion";
  EXPECT_THROW(arguments.format(config), std::runtime_error);
}

}  // namespace
}  // namespace freshet::cli
