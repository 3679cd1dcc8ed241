#include "base/log.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

std::string logged(log::Format format, std::string_view message, log::Fields fields) {
  log::configure(log::Level::info, format);
  testing::internal::CaptureStderr();
  log::info(message, fields);
  log::debug("not written at this level");
  return testing::internal::GetCapturedStderr();
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

}  // namespace
}  // namespace freshet
