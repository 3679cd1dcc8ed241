// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_directory.h"

namespace freshet {
namespace {

std::string logged(log::Format format, std::string_view message, log::Fields fields) {
  log::configure(log::Level::info, format);
  ::testing::internal::CaptureStderr();
  log::info(message, fields);
  log::debug("not written at this level");
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, TextLinesQuoteOnlyWhatNeedsIt) {
  const std::string line =
      logged(log::Format::text, "caught up",
             {{"partition", 3}, {"ok", true}, {"share", 0.5}, {"word", "plain"}, {"text", "two words\n"}});
  EXPECT_NE(line.find(R"(info  caught up partition=3 ok=true share=0.5 word=plain text="two words\n")"),
            std::string::npos)
      << line;
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(Log, JsonLinesEscape) {
  const std::string line =
      logged(log::Format::json, "say \"hi\"", {{"path", "a\\b"}, {"control", std::string("\x01")}});
  EXPECT_NE(line.find(R"("level":"info","message":"say \"hi\"","path":"a\\b","control":"\u0001"})"), std::string::npos)
      << line;
}

TEST(Log, WhatSteersATerminalIsEscapedInBothFormats) {
  const std::vector<std::pair<std::string, std::string>> characters{
      {std::string(1, '\0'), "\\u0000"}, {"\x1b", "\\u001b"},         {"\x7f", "\\u007f"},
      {"\xC2\x80", "\\u0080"},           {"\xC2\x9F", "\\u009f"},     {"\xE2\x80\xA8", "\\u2028"},
      {"\xE2\x80\xA9", "\\u2029"},       {"\xE2\x80\xAE", "\\u202e"}, {"\xE2\x81\xA6", "\\u2066"}};
  for (const log::Format format : {log::Format::text, log::Format::json}) {
    for (const auto& [raw, escaped] : characters) {
      const std::string line = logged(format, "erased", {{"item", "a" + raw + "[2J"}});
      EXPECT_NE(line.find("\"a" + escaped + "[2J\""), std::string::npos) << line;
      EXPECT_EQ(line.find(raw), std::string::npos) << line;
    }
    // Letters whose bytes are similar are what they are: no-break space, e acute, euro, dagger, an undertie.
    for (const std::string letter : {"\xC2\xA0", "\xC3\xA9", "\xE2\x82\xAC", "\xE2\x80\xA0", "\xE2\x80\xBF"}) {
      const std::string line = logged(format, "erased", {{"item", letter}});
      EXPECT_NE(line.find(letter), std::string::npos) << line;
    }
  }
}

TEST(Log, AuditLinesAreWrittenWhateverTheLevelAndGoToAFileIfAsked) {
  log::configure(log::Level::error, log::Format::text);
  ::testing::internal::CaptureStderr();
  log::audit("erased", {{"key", "ops"}});
  EXPECT_NE(::testing::internal::GetCapturedStderr().find(" audit erased key=ops\n"), std::string::npos);

  const testing::TempDirectory dir;
  const std::string file = dir.path() + "/audit.log";
  ASSERT_TRUE(log::audit_to(file));
  EXPECT_FALSE(log::audit_to(dir.path()));
  log::audit("erased", {{"key", "first"}});
  std::filesystem::rename(file, file + ".1");
  ASSERT_TRUE(log::audit_to(file));
  log::audit("erased", {{"key", "second"}});
  ASSERT_TRUE(log::audit_to(""));
  const auto text = [](const std::string& path) {
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_TRUE(text(file + ".1").ends_with("key=first\n")) << text(file + ".1");
  EXPECT_TRUE(text(file).ends_with("key=second\n")) << text(file);
}

TEST(Log, AnAuditFileThatIsAPipeHoldsNobodyUpWhileItIsFull) {
  const testing::TempDirectory dir;
  const std::string pipe = dir.path() + "/audit";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  ASSERT_TRUE(log::audit_to(pipe));
  ::testing::internal::CaptureStderr();  // what cannot be written is complained about
  const std::string long_text(1000, 'x');
  for (int i = 0; i < 1000; ++i) log::audit("erased", {{"number", i}, {"text", long_text}});
  ::testing::internal::GetCapturedStderr();
  std::string first(64, '\0');
  EXPECT_EQ(read(reader, first.data(), first.size()), 64);
  EXPECT_NE(first.find(" audit erased number=0 "), std::string::npos) << first;
  ASSERT_TRUE(log::audit_to(""));
  close(reader);
}

}  // namespace
}  // namespace freshet
