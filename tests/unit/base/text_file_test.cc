// SPDX-License-Identifier: Apache-2.0
#include "base/text_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "tests/support/temp_directory.h"

namespace freshet {
namespace {

TEST(TextFile, AFileAndAPipeAreReadToTheEnd) {
  const testing::TempDirectory dir;
  const std::string file = dir.path() + "/file", pipe = dir.path() + "/pipe";
  const std::string text = std::string(100'000, 'x') + "\ny";
  std::ofstream(file) << text;
  EXPECT_EQ(*read_text_file(file), text);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << text; });
  EXPECT_EQ(*read_text_file(pipe), text);
  writer.join();
}

TEST(TextFile, WhatCannotBeReadSaysWhy) {
  const testing::TempDirectory dir;
  EXPECT_EQ(read_text_file(dir.path() + "/absent").error().message, "cannot be read: No such file or directory");
  EXPECT_EQ(read_text_file(dir.path()).error().message, "is a directory");
  EXPECT_EQ(read_text_file("/dev/zero").error().message, "is larger than 16 MiB");
  EXPECT_EQ(*read_text_file("/dev/null"), "");
}

}  // namespace
}  // namespace freshet
