// SPDX-License-Identifier: Apache-2.0
#include "store/checkpoint_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_directory.h"

namespace freshet::store {
namespace {

namespace fs = std::filesystem;

std::string newest_of(const CheckpointStore& store) {
  std::string found;
  store.read_newest([&](std::string_view bytes) {
    found = bytes;
    return Result<void>();
  });
  return found;
}

TEST(CheckpointStore, GivesBackTheNewestAndKeepsAsManyAsAsked) {
  const testing::TempDirectory dir;
  CheckpointStore store(dir.path() + "/checkpoints", 2);
  EXPECT_EQ(newest_of(store), "");
  for (const char* bytes : {"one", "two", "three"}) ASSERT_TRUE(store.write(bytes));
  EXPECT_EQ(newest_of(store), "three");
  EXPECT_EQ(store.list().size(), 2U);
  CheckpointStore again(dir.path() + "/checkpoints", 2);
  ASSERT_TRUE(again.write("four"));
  EXPECT_EQ(newest_of(again), "four");
}

TEST(CheckpointStore, SomebodysCopyIsNeitherReadNorCountedNorTakenAway) {
  const testing::TempDirectory dir;
  CheckpointStore store(dir.path(), 2);
  ASSERT_TRUE(store.write("one"));
  const fs::path copy = fs::path(dir.path()) / "checkpoint-before-upgrade";
  const fs::path renamed = fs::path(dir.path()) / (store.list().front() + ".bak");
  for (const fs::path& path : {copy, renamed}) fs::copy_file(fs::path(dir.path()) / store.list().front(), path);
  for (const char* bytes : {"two", "three", "four", "five"}) {
    ASSERT_TRUE(store.write(bytes));
    EXPECT_EQ(newest_of(store), bytes);
    EXPECT_EQ(store.list().size(), 2U);
  }
  EXPECT_TRUE(fs::exists(copy) && fs::exists(renamed));
}

TEST(CheckpointStore, TakesOneInPieces) {
  const testing::TempDirectory dir;
  CheckpointStore store(dir.path(), 2);
  const auto written = store.write([](const CheckpointStore::Sink& sink) {
    for (const char* piece : {"one ", "", "two ", "three"}) sink(piece);
  });
  ASSERT_TRUE(written);
  EXPECT_EQ(*written, 13U);
  EXPECT_EQ(newest_of(store), "one two three");
}

TEST(CheckpointStore, PassesADamagedOneOverForTheOneBefore) {
  const testing::TempDirectory dir;
  for (int damage = 0; damage < 4; ++damage) {
    const std::string directory = dir.path() + "/" + std::to_string(damage);
    CheckpointStore store(directory, 3);
    ASSERT_TRUE(store.write("the one before"));
    ASSERT_TRUE(store.write("the newest"));
    const fs::path newest = fs::path(directory) / store.list().front();
    if (damage == 0) fs::resize_file(newest, fs::file_size(newest) - 1);
    if (damage == 1) fs::resize_file(newest, 0);
    if (damage == 2) {
      std::fstream file(newest, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(-3, std::ios::end);
      file.put('X');
    }
    if (damage == 3) std::ofstream(newest, std::ios::app) << "more";
    EXPECT_EQ(newest_of(store), "the one before") << damage;
  }
}

TEST(CheckpointStore, PassesOverWhatTheReaderRefuses) {
  const testing::TempDirectory dir;
  CheckpointStore store(dir.path(), 3);
  ASSERT_TRUE(store.write("good"));
  ASSERT_TRUE(store.write("bad"));
  std::string loaded;
  EXPECT_TRUE(store.read_newest([&](std::string_view bytes) -> Result<void> {
    if (bytes == "bad") return Error{Errc::corrupt, "no"};
    loaded = bytes;
    return {};
  }));
  EXPECT_EQ(loaded, "good");
}

TEST(CheckpointStore, AFailedWriteLeavesTheOthersAlone) {
  const testing::TempDirectory dir;
  CheckpointStore store(dir.path() + "/checkpoints", 2);
  ASSERT_TRUE(store.write("safe"));
  fs::create_directory(dir.path() + "/checkpoints/writing.tmp");  // a directory cannot be opened for writing
  const auto written = store.write("lost");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::unavailable);
  EXPECT_EQ(newest_of(store), "safe");
}

}  // namespace
}  // namespace freshet::store
