// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/event_stream.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>

#include "tests/support/temp_directory.h"

namespace freshet::cli {
namespace {

class EventStreamTest : public ::testing::Test {
 protected:
  std::string file(const std::string& bytes) {
    std::string path = dir_.path() + "/stream" + std::to_string(++files_);
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  static std::string gzip(const std::string& text) {
    std::string out(compressBound(text.size()) + 64, '\0');
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }

  static std::string zstd(const std::string& text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
  }

  /// Each event as "session/user item ms type".
  std::vector<std::string> read(const std::string& bytes, StreamFormat format = {}) {
    const std::string path = file(bytes);
    auto stream = EventStream::open(path, format);
    EXPECT_TRUE(stream);
    std::vector<std::string> lines;
    while (true) {
      auto event = (*stream)->next();
      if (!event) {
        lines.push_back("error: " + without_path(event.error().message, path));
        break;
      }
      if (!*event) break;
      const Event& e = **event;
      lines.push_back(e.session + "/" + e.user + " " + e.item + " " + std::to_string(to_ms(e.time)) + " " + e.type);
    }
    skipped_ = (*stream)->skipped();
    complaints_.clear();
    for (const std::string& complaint : (*stream)->complaints()) complaints_.push_back(without_path(complaint, path));
    return lines;
  }

  /// "FILE:12: ..." as "12: ...".
  static std::string without_path(const std::string& text, const std::string& path) {
    EXPECT_TRUE(text.starts_with(path + ":")) << text;
    return text.substr(path.size() + 1);
  }

  testing::TempDirectory dir_;
  int files_ = 0;
  std::uint64_t skipped_ = 0;
  std::vector<std::string> complaints_;
};

using Lines = std::vector<std::string>;

TEST_F(EventStreamTest, ReadsTsvPlainAndCompressed) {
  const std::string tsv =
      "s1\ti1\t1396300000\tview\textra\ns2\ti2\t1396300000500\tcart\r\n\ns3\ti3\t1396300001.25\tview";
  const Lines expected{"s1/ i1 1396300000000 view", "s2/ i2 1396300000500 cart", "s3/ i3 1396300001250 view"};
  EXPECT_EQ(read(tsv), expected);
  EXPECT_EQ(read(gzip(tsv)), expected);
  EXPECT_EQ(read(gzip(tsv + "\n") + gzip("s4\ti4\t1396300002\tview")).size(), 4U);
  EXPECT_EQ(read(zstd(tsv)), expected);
}

TEST_F(EventStreamTest, ZeroBytesBehindAGzipMemberArePadding) {
  const std::string zeros(100'000, '\0');
  EXPECT_EQ(read(gzip("s1\ti1\t1396300000\tview\n") + zeros), Lines{"s1/ i1 1396300000000 view"});
  EXPECT_EQ(read(gzip("s1\ti1\t1396300000\tview\n") + zeros + gzip("s2\ti2\t1396300001\tview\n")).size(), 2U);
}

TEST_F(EventStreamTest, ReadsCsvWithQuotesAndAHeader) {
  StreamFormat format;
  format.header = true;
  EXPECT_EQ(read("User,Item,colour,Time\nu1,\"a, \"\"b\"\"\",red,2026-11-21T21:36:00Z\n", format),
            Lines{"/u1 a, \"b\" 1795296960000 view"});
}

TEST_F(EventStreamTest, AFieldInQuotesMayHaveLineBreaks) {
  const StreamFormat format{{"session", "item"}, true};
  auto lines = read("session,item\nok,x\n\"a\nb\",y\nok,z\n", format);
  for (std::string& line : lines) line.resize(line.find(' ', line.find(' ') + 1));
  EXPECT_EQ(lines, (Lines{"ok/ x", "a\nb/ y", "ok/ z"}));
}

TEST_F(EventStreamTest, AQuoteThatNothingClosesIsAFaultOfItsLine) {
  std::string bytes = "session,item\n\"a,x\n";
  for (int i = 0; i < 300; ++i) bytes += "ok,z\n";
  EXPECT_EQ(read(bytes, {{"session", "item"}, true}).size(), 300U);
}

TEST_F(EventStreamTest, AByteOrderMarkIsSkipped) {
  for (const char* bytes : {"\xEF\xBB\xBFsession,item\ns9,a\n", "\xEF\xBB\xBFsession\titem\ns9\ta\n"}) {
    const auto lines = read(bytes, {{}, true});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("s9/ a ")) << lines[0];
  }
  EXPECT_TRUE(read("\xEF\xBB\xBFs9,a\n", {{"session", "item"}, false}).at(0).starts_with("s9/ a "));
}

TEST_F(EventStreamTest, ReadsJsonLines) {
  EXPECT_EQ(
      read("{\"user\":\"u\",\"item\":\"i\",\"ts\":5,\"type\":\"cart\"}\n{\"session\":\"s\",\"item\":7,\"ts\":6}\n"),
      (Lines{"/u i 5000 cart", "s/ 7 6000 view"}));
}

TEST_F(EventStreamTest, AColumnMaySayThatThereIsNoConsent) {
  const std::string path = file("s1\ti1\tfalse\ns2\ti2\t\ns3\ti3\tno\n");
  const auto stream = EventStream::open(path, {.columns = {"session", "item", "consent"}});
  ASSERT_TRUE(stream);
  const auto refused = (*stream)->next(), silent = (*stream)->next(), last = (*stream)->next();
  ASSERT_TRUE(refused && *refused && silent && *silent && last);
  EXPECT_FALSE((*refused)->consent);
  EXPECT_TRUE((*silent)->consent);
  EXPECT_FALSE(*last);
  EXPECT_EQ((*stream)->complaints(), Lines{path + ":3: consent: \"no\" is neither true nor false"});
}

TEST_F(EventStreamTest, BadLinesAreCountedAndNamedNotSilentlyLost) {
  EXPECT_EQ(read("s1\ti1\t1396300000\tview\ns2\ti2\ns3\ti3\tyesterday\tview\n\t\t1\tview\n").size(), 1U);
  EXPECT_EQ(skipped_, 3U);
  EXPECT_EQ(complaints_, (Lines{"2: 2 columns, expected 4", "3: time: \"yesterday\" is not a time", "4: item: empty"}));
}

TEST_F(EventStreamTest, WhatAServiceWouldRefuseIsSkippedHereToo) {
  const std::string long_id(513, 'x');
  EXPECT_EQ(read(long_id + "\ti1\t1396300000\tview\ns\t\xFF\t1396300000\tview\ns\ti\t1396300000\t$erase\n").size(), 0U);
  EXPECT_EQ(complaints_, (Lines{"1: session: 513 bytes long, at most 512", "2: item: not valid UTF-8",
                                "3: type: \"$erase\" begins with '$', which is freshet's own"}));
}

TEST_F(EventStreamTest, ATimeUnderAnotherNameIsNotThePresent) {
  for (const char* member : {R"("time":1396300000)", R"("timestamp":"yesterday")", R"("TS":5)", R"("event_date":5)",
                             R"("createdAt":5)", R"("occurred":"2014-04-01T00:00:00Z")"}) {
    const std::string line = std::string(R"({"user":"u","item":"i",)") + member + "}\n";
    const Lines lines = read(R"({"user":"u","item":"i","ts":5})"
                             "\n" +
                             line);
    ASSERT_EQ(lines.size(), 2U) << line;
    EXPECT_TRUE(lines[1].starts_with("error: 2: ")) << lines[1];
    EXPECT_TRUE(lines[1].ends_with(": not recognized as the time of the event, which is called ts")) << lines[1];
  }
  const std::string envelope = R"({"specversion":"1.0","id":"1","source":"s","data":{"user":"u","item":"i"},"time":)";
  EXPECT_EQ(read(envelope + "\"2014-04-01T00:00:00Z\"}\n"), Lines{"/u i 1396310400000 view"});
  EXPECT_EQ(read(envelope + "1396310400}\n"),
            Lines{"error: 1: time: not recognized as the time of the event, which is called ts"});
}

TEST_F(EventStreamTest, AnEventWithoutATimeHappensWhenItIsRead) {
  const std::int64_t before = to_ms(SystemClock().now());
  const auto stream = EventStream::open(
      file(R"({"user":"u","item":"2014-04-01T00:00:00Z","updated":true,"order":1396300000,"ts":null})"), {});
  ASSERT_TRUE(stream);
  const auto event = (*stream)->next();
  ASSERT_TRUE(event && *event);
  EXPECT_GE(to_ms((*event)->time), before);
}

TEST_F(EventStreamTest, ADamagedArchiveIsAnErrorNotAnEnd) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "s" + std::to_string(i * 7919) + "\ti1\t1396300000\tview\n";
  for (const std::string& archive : {gzip(text), zstd(text)}) {
    const Lines lines = read(archive.substr(0, archive.size() / 2));
    EXPECT_TRUE(lines.back().starts_with("error:  the ")) << lines.back();
  }
}

TEST_F(EventStreamTest, ColumnsAreChecked) {
  EXPECT_EQ(*parse_columns("session,item,-,time"), (Lines{"session", "item", "-", "time"}));
  EXPECT_NE(parse_columns("sesion,item").error().message.find("did you mean \"session\"?"), std::string::npos);
  EXPECT_EQ(parse_columns("item,user,item").error().message, "\"item\" is named twice");
  EXPECT_FALSE(parse_columns("user,time"));
  EXPECT_FALSE(parse_columns("item,time"));
  EXPECT_FALSE(parse_columns(""));
  EXPECT_FALSE(EventStream::open(dir_.path() + "/absent", {}));
}

}  // namespace
}  // namespace freshet::cli
