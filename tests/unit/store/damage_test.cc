// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "store/catalogue.h"
#include "store/database.h"
#include "store/history_store.h"
#include "store/journal.h"
#include "store/rocks.h"
#include "store/served_lists.h"
#include "tests/support/damaged_files.h"
#include "tests/support/history_events.h"
#include "tests/support/item_changes.h"
#include "tests/support/served_lists.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

namespace fs = std::filesystem;
using freshet::testing::batch_of;
using freshet::testing::damage_last_block;
using freshet::testing::newest_file;
using freshet::testing::user_event;
using ::testing::AllOf;
using ::testing::HasSubstr;

const Owner kUser{Owner::Kind::user, "u"};

/// A batch that puts rows into every family of the histories.
EventBatch batch_with_everything() {
  PositionedEvent event = user_event(0, "u", "a", 1000);
  event.event.session = "s";
  event.event.id = "id";
  EventBatch batch = batch_of({event, freshet::testing::served_record(1, kUser, "r", {"a"}, 1000)});
  batch.rejected.push_back({{0, 0}, timestamp_from_ms(1000), "bad", "key", "value", {}});
  return batch;
}

/// A directory with rows in every family; then a bit of the last block of one family's newest file is flipped.
class DamageTest : public ::testing::Test {
 protected:
  void damage(Family family) {
    Database& database = store_.database();
    ASSERT_TRUE(Journal(database).append(std::vector<JournalRecord>(100, {0, timestamp_from_ms(1), "key", "value"})));
    ASSERT_TRUE(HistoryStore(database).commit(batch_with_everything(), true));
    Item item;
    item.item = "a";
    {
      Catalogue catalogue(database);
      freshet::testing::put_items(catalogue, {item});
    }
    file_ = newest_file(database, family);
    store_.close();
    damage_last_block(file_);
  }

  /// What the service says that meets the damage, at its start or when it uses the rows.
  std::string met_by(const std::function<Result<void>(Database&)>& use) {
    try {
      store_.reopen();
      const auto used = use(store_.database());
      EXPECT_EQ(used.has_value() ? Errc::invalid : used.error().code, Errc::corrupt);
      return used ? "nothing" : used.error().message;
    } catch (const std::runtime_error& refusal) {
      EXPECT_THAT(refusal.what(), AllOf(HasSubstr(store_.directory()), HasSubstr("freshet repair")));
      return refusal.what();
    }
  }

  testing::TestStore store_;
  fs::path file_;
};

struct Case {
  Family family;
  std::function<Result<void>(Database&)> use;
};

template <typename T>
Result<void> outcome(const Result<T>& result) {
  return result ? Result<void>() : result.error();
}

Result<void> only_open(Database&) { return {}; }

TEST_F(DamageTest, OfAnyFamilyIsNamedAndNeverTakenForEmptiness) {
  const std::vector<Case> cases{
      {Family::meta, only_open},
      {Family::history, [](Database& database) { return outcome(HistoryStore(database).recent(kUser, 10)); }},
      {Family::items,
       [](Database& database) {
         const Catalogue read(database);
         return Result<void>();
       }},
      {Family::positions, only_open},
      {Family::dedupe,
       [](Database& database) { return outcome(HistoryStore(database).commit(batch_with_everything(), true)); }},
      {Family::journal, only_open},
      {Family::dead_letters, only_open},
      {Family::served, [](Database& database) { return outcome(ServedLists(database).page(kUser, 10, {})); }},
      {Family::sessions, [](Database& database) { return HistoryStore(database).erase(kUser, {{0, 1}}); }},
  };
  ASSERT_EQ(cases.size(), kFamilyNames.size());
  for (const auto& [family, use] : cases) {
    SCOPED_TRACE(kFamilyNames[static_cast<std::size_t>(family)]);
    damage(family);
    EXPECT_THAT(met_by(use), AllOf(HasSubstr("Corruption"), HasSubstr(file_.filename())));
    fs::remove_all(store_.directory());
    store_.reopen();
  }
}

TEST_F(DamageTest, AnEventLogThatLacksItsLastRecordsIsRefused) {
  {
    Database& database = store_.database();
    ASSERT_TRUE(Journal(database).append(std::vector<JournalRecord>(3, {0, timestamp_from_ms(1), "key", "value"})));
    Database::Impl& db = database.impl();
    ASSERT_TRUE(db.db->Delete({}, db.family(Family::journal), std::string("\0\0\0\0\0\0\0\2", 8)).ok());
  }
  EXPECT_THAT(met_by(only_open), HasSubstr("it ends at offset 2 and had 3"));
}

TEST_F(DamageTest, OfTheWriteAheadLogTakesNoOffsetBack) {
  const std::vector<JournalRecord> records(10, {0, timestamp_from_ms(1), "key", std::string(1000, 'x')});
  for (int append = 0; append < 10; ++append) ASSERT_TRUE(Journal(store_.database()).append(records));
  store_.close();
  for (const auto& entry : fs::directory_iterator(store_.directory() + "/db")) {
    if (entry.path().extension() == ".log") testing::flip_bit(entry.path(), 50'000);
  }
  store_.reopen();
  Journal journal(store_.database());
  const auto left = journal.read(0, 1000, 1 << 20);
  EXPECT_LT(left->size(), 100U) << "what comes after the damage is lost";
  EXPECT_GT(left->size(), 20U) << "and nothing else";
  EXPECT_TRUE(left->back().erased);
  EXPECT_GE(journal.end(), 100) << "all of these offsets were given out";
  EXPECT_EQ(left->back().offset, journal.end() - 1);
  const std::int64_t end = journal.end();
  store_.reopen();
  EXPECT_EQ(Journal(store_.database()).end(), end);
}

TEST_F(DamageTest, WhatCompactionMeetsEndsWritingUntilTheDirectoryIsRepaired) {
  damage(Family::history);
  store_.reopen();
  Database& database = store_.database();
  Journal journal(database);
  const std::vector<JournalRecord> records(1, {0, timestamp_from_ms(1), "key", "value"});
  ASSERT_TRUE(journal.append(records));
  rocksdb::CompactRangeOptions rewrite;
  rewrite.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  const Database::Impl& db = database.impl();
  ASSERT_FALSE(db.db->CompactRange(rewrite, db.family(Family::history), nullptr, nullptr).ok());

  const auto named = AllOf(HasSubstr(file_.filename()), HasSubstr("freshet repair"));
  EXPECT_THAT(database.problem(), named);
  for (int round = 0; round < 2; ++round) {
    const auto recovered = database.recover();
    ASSERT_FALSE(recovered);
    EXPECT_EQ(recovered.error().code, Errc::corrupt);
    EXPECT_THAT(database.problem(), named) << "it does not take writes again until it meets the damage again";
    const auto refused = journal.append(records);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable) << "a producer is to try again later";
    EXPECT_EQ(journal.read(100, 1, 1)->size(), 1U) << "reads go on";
  }
}

TEST_F(DamageTest, ItIsNotTakenForAnotherProcess) {
  damage(Family::history);
  const auto size = fs::file_size(file_);
  testing::flip_bit(file_, size - 60);  // what a file begins to be read with
  EXPECT_THAT(met_by(only_open), AllOf(HasSubstr(file_.filename()), Not(HasSubstr("another process"))));
  Options options;
  options.directory = store_.directory();
  try {
    Database::open_read_only(options);
    FAIL() << "opened";
  } catch (const std::runtime_error& refusal) {
    EXPECT_THAT(refusal.what(), AllOf(HasSubstr(file_.filename()), Not(HasSubstr("another process"))));
  }
}

}  // namespace
}  // namespace freshet::store
