// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "store/history_store.h"
#include "store/journal.h"
#include "store/rocks.h"
#include "tests/support/history_events.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

namespace fs = std::filesystem;
using freshet::testing::batch_of;
using freshet::testing::user_event;
using ::testing::HasSubstr;

std::uint64_t usage_of(const Database& database, std::string_view what) {
  for (const auto& [kind, bytes] : database.usage()) {
    if (kind == what) return bytes;
  }
  return UINT64_MAX;
}

class DatabaseTest : public ::testing::Test {
 protected:
  std::string refusal() {
    try {
      Database database(options_);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  const testing::TempDirectory dir_;
  Options options_ = testing::options_in(dir_);
};

TEST_F(DatabaseTest, RefusesADirectoryOfSomethingElse) {
  fs::create_directory(options_.directory);
  std::ofstream(options_.directory + "/holiday.jpg") << "not ours";
  EXPECT_EQ(refusal(), options_.directory + " is not a freshet data directory (and not empty)");
}

TEST_F(DatabaseTest, RefusesARocksDatabaseOfSomethingElse) {
  rocksdb::Options rocks;
  rocks.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  fs::create_directory(options_.directory);
  ASSERT_TRUE(rocksdb::DB::Open(rocks, options_.directory + "/db", &db).ok());
  ASSERT_TRUE(db->Put({}, "foreign", "data").ok());
  delete db;
  EXPECT_EQ(refusal(), options_.directory + " is not a freshet data directory");
}

TEST_F(DatabaseTest, OpensOnlyWithTheKeyThatItsPseudonymsWereMadeWith) {
  options_.pseudonym_key = "a key of the operator";
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(refusal(), "") << "with the same again";
  Options without_key;
  without_key.directory = options_.directory;
  EXPECT_EQ(Database::open_read_only(without_key).options().directory, options_.directory);
  options_.pseudonym_key = "another key than that";
  EXPECT_EQ(refusal(),
            options_.directory + " holds pseudonyms: store.pseudonym_key is not the key that they were made with");
  options_.pseudonym_key = "";
  EXPECT_EQ(refusal(), options_.directory + " holds pseudonyms: store.pseudonym_key is not set");
}

TEST_F(DatabaseTest, PseudonymsDoNotBeginLater) {
  EXPECT_EQ(refusal(), "");
  options_.pseudonym_key = "a key of the operator";
  EXPECT_EQ(refusal(), options_.directory + " holds ids as they are; store.pseudonym_key is for a new data directory");
}

/// Simulates a full disk: while it exists, no file can grow beyond `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);  // write() fails instead
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(DatabaseTest, TakesNoWritesAfterOneFailedUntilTheDiskIsWellAndItHasRecovered) {
  Database database(options_);
  HistoryStore histories(database);
  Journal journal(database);
  const Owner owner{Owner::Kind::user, "u"};
  const std::vector<JournalRecord> records(3, {0, timestamp_from_ms(1), "key", "value"});
  ASSERT_TRUE(journal.append(records));
  ASSERT_TRUE(histories.commit(batch_of({user_event(0, "u", "a", 1)}), true));
  EXPECT_EQ(histories.recent(owner, 10)->size(), 1U);
  EXPECT_GT(usage_of(database, "history_cache"), 0U);
  EXPECT_EQ(database.problem(), "");
  EXPECT_TRUE(database.recover());
  {
    const FileSizeLimit full(1);
    EXPECT_FALSE(journal.append(records));
    EXPECT_THAT(database.problem(), HasSubstr("File too large"));
    EXPECT_FALSE(histories.commit(batch_of({user_event(1, "u", "never", 2)}), true));
    const auto recovered = database.recover();
    ASSERT_FALSE(recovered);
    EXPECT_EQ(recovered.error().code, Errc::unavailable);
    EXPECT_THAT(recovered.error().message, HasSubstr("File too large"));
  }
  EXPECT_FALSE(journal.append(records)) << "only recover() knows that the disk is well";
  EXPECT_EQ(histories.recent(owner, 10)->size(), 1U) << "reads go on";

  ASSERT_TRUE(database.recover());
  EXPECT_EQ(usage_of(database, "history_cache"), 0U) << "what is held is what was read of the directory as it is now";
  EXPECT_EQ(database.problem(), "");
  EXPECT_EQ(*journal.append(records), 3);
  EXPECT_EQ(journal.read(0, 100, 1 << 20)->size(), 6U);
  ASSERT_TRUE(histories.commit(batch_of({user_event(1, "u", "b", 2)}), true));
  EXPECT_EQ(histories.recent(owner, 10)->size(), 2U);
}

/// A clock that calls a function each time it is read.
class ClockThat final : public Clock {
 public:
  std::function<void()> is_asked = [] {};
  Timestamp now() const override {
    is_asked();
    return timestamp_from_ms(1'700'000'000'000);
  }
  std::chrono::milliseconds elapsed() const override {
    is_asked();
    return {};
  }
};

/// Reports a failed compaction as RocksDB does.
void report_failure(const Database& database, const std::string& what) {
  rocksdb::Status status = rocksdb::Status::IOError(what);
  for (const auto& listener : database.impl().db->GetDBOptions().listeners) {
    listener->OnBackgroundError(rocksdb::BackgroundErrorReason::kCompaction, &status);
  }
}

TEST_F(DatabaseTest, WhatFailsWhileItIsBeingOpenedAgainIsNotTakenForRecovered) {
  ClockThat clock;
  Database database(options_, clock);
  report_failure(database, "the first");
  report_failure(database, "what follows from it");
  EXPECT_THAT(database.problem(), HasSubstr("the first"));

  bool asked = false;
  clock.is_asked = [&] {
    if (asked || !database.impl().db) return;  // once, when the database is open and its counters are loaded
    asked = true;
    EXPECT_THAT(database.problem(), HasSubstr("the first")) << "not healthy before it is";
    report_failure(database, "the second");
  };
  EXPECT_FALSE(database.recover());
  EXPECT_TRUE(asked);
  EXPECT_THAT(database.problem(), HasSubstr("the second"));
  EXPECT_TRUE(database.recover());
  EXPECT_EQ(database.problem(), "");
}

TEST_F(DatabaseTest, RefusesANewerFormatNamingBoth) {
  {
    Database database(options_);
    auto& impl = database.impl();
    ASSERT_TRUE(impl.db->Put({}, impl.family(Family::meta), to_slice(kFormatKey), "2").ok());
  }
  EXPECT_EQ(refusal(),
            options_.directory + " has format 2; this freshet reads format 1: it was written by a newer version");
}

TEST_F(DatabaseTest, OneProcessAtATime) {
  Database database(options_);
  EXPECT_EQ(refusal(), "cannot open the data directory " + options_.directory + ": in use by another process");
}

TEST_F(DatabaseTest, ALockThatCannotBeTakenForAnotherReasonIsNotAnotherProcess) {
  EXPECT_EQ(refusal(), "");
  fs::remove(options_.directory + "/db/LOCK");
  fs::create_directory(options_.directory + "/db/LOCK");
  EXPECT_THAT(refusal(), ::testing::AllOf(HasSubstr(options_.directory), HasSubstr("Is a directory")));
}

TEST_F(DatabaseTest, ADirectoryThatCannotBeMadeIsNamed) {
  std::ofstream(dir_.path() + "/file") << "";
  options_.directory = dir_.path() + "/file/data";
  EXPECT_NE(refusal().find(options_.directory), std::string::npos);
}

TEST_F(DatabaseTest, ReadingOnlyWorksBesideAWriterAndChangesNothing) {
  Database database(options_);
  HistoryStore store(database);
  ASSERT_TRUE(store.commit(batch_of({user_event(0, "u", "a", 1000)}), true));
  Database reader = Database::open_read_only(options_);
  EXPECT_EQ(*HistoryStore(reader).count({Owner::Kind::user, "u"}), 1U);
  EXPECT_EQ(HistoryStore(reader).stream_time(), timestamp_from_ms(1000));
  Options elsewhere;
  elsewhere.directory = dir_.path() + "/absent";
  EXPECT_THROW(Database::open_read_only(elsewhere), std::runtime_error);
  EXPECT_FALSE(fs::exists(elsewhere.directory));
}

TEST_F(DatabaseTest, ATornLastRecordOfTheWriteAheadLogIsDroppedAndTheRestIsThere) {
  {
    Database database(options_);
    HistoryStore store(database);
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(store.commit(batch_of({user_event(i, "u", "i" + std::to_string(i), 1000 + i)}), true));
    }
  }
  fs::path log;
  for (const auto& entry : fs::directory_iterator(options_.directory + "/db")) {
    if (entry.path().extension() == ".log" && entry.file_size() > 0) log = entry.path();
  }
  ASSERT_FALSE(log.empty());
  fs::resize_file(log, fs::file_size(log) - 5);
  ::testing::internal::CaptureStderr();
  Database database(options_);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("a record of the write-ahead log cannot be read"));
  HistoryStore store(database);
  EXPECT_EQ(*store.count({Owner::Kind::user, "u"}), 99U);
  EXPECT_EQ(*store.positions(), (Positions{{0, 99}}));
}

// The indexes of tables have keys: with long ids that differ at their ends only, they are large.
TEST_F(DatabaseTest, TheBlockCacheKeepsItsLimitWhateverIdsAreLike) {
  options_.block_cache_bytes = std::size_t{1} << 20;
  options_.memtable_bytes = std::size_t{4} << 20;
  Database database(options_);
  HistoryStore histories(database);
  constexpr std::int64_t kBatches = 60, kEvents = 500;
  std::uint64_t most = 0;
  for (std::int64_t b = 0; b < kBatches; ++b) {
    std::vector<PositionedEvent> events;
    for (std::int64_t offset = b * kEvents; offset < (b + 1) * kEvents; ++offset) {
      const std::string id = std::string(480, 'x') + std::to_string(offset * 2654435761 % 1'000'003);
      events.push_back(user_event(offset, id, "item", 1000));
      events.back().event.session = id;
    }
    ASSERT_TRUE(histories.commit(batch_of(std::move(events)), false));
    most = std::max(most, usage_of(database, "block_cache"));
  }
  EXPECT_LT(most, 2 * options_.block_cache_bytes);
}

}  // namespace
}  // namespace freshet::store
