// SPDX-License-Identifier: Apache-2.0
#include "store/repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "store/catalogue.h"
#include "store/dead_letters.h"
#include "store/erasures.h"
#include "store/history_store.h"
#include "store/journal.h"
#include "tests/support/damaged_files.h"
#include "tests/support/history_events.h"
#include "tests/support/item_changes.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

namespace fs = std::filesystem;
using freshet::testing::batch_of;
using freshet::testing::flip_bit;
using freshet::testing::user_event;
using ::testing::HasSubstr;

constexpr std::int64_t kAcknowledged = 1000;
const Owner kGone{Owner::Kind::user, "gone"};

std::string user_of(std::int64_t offset) { return offset < 10 ? kGone.id : "u" + std::to_string(offset % 50); }

/// What the history writer makes of the record at `offset`. The last one erases a user.
PositionedEvent event_at(std::int64_t offset) {
  const bool erases = offset == kAcknowledged;
  auto entry = user_event(offset, erases ? kGone.id : user_of(offset), "item " + std::to_string(offset), 1000 + offset);
  if (erases) entry.event.kind = EventKind::erase;
  return entry;
}

std::vector<JournalRecord> records(std::int64_t count) {
  const std::string value(200, 'x');
  return std::vector<JournalRecord>(static_cast<std::size_t>(count), {0, timestamp_from_ms(1), "key", value});
}

void flush(Database& database, Family family) {
  const Database::Impl& db = database.impl();
  ASSERT_TRUE(db.db->Flush({}, db.family(family)).ok());
}

class RepairTest : public ::testing::Test {
 protected:
  /// Everything that the service has acknowledged. `in_files`: in files of every family, else in the write-ahead log.
  void fill(bool in_files) {
    Database& database = store_.database();
    Journal journal(database);
    HistoryStore histories(database);
    for (std::int64_t offset = 0; offset < kAcknowledged; offset += 100) {
      ASSERT_TRUE(journal.append(records(100)));
      std::vector<PositionedEvent> events;
      for (std::int64_t at = offset; at < offset + 100; ++at) events.push_back(event_at(at));
      ASSERT_TRUE(histories.commit(batch_of(events), true));
      if (in_files && offset == kAcknowledged / 2) flush(database, Family::history);
    }
    ASSERT_TRUE(histories.erase(kGone, {{0, kAcknowledged}}));
    ASSERT_TRUE(journal.append(records(1)));
    Item item;
    item.item = "a";
    Catalogue catalogue(database);
    freshet::testing::put_items(catalogue, {item});
    if (in_files) (void)testing::newest_file(database, Family::history);
  }

  std::string refusal() {
    try {
      store_.reopen();
      (void)Catalogue(store_.database());
      store_.close();
      return "";
    } catch (const std::runtime_error& error) {
      store_.close();
      return error.what();
    }
  }

  /// Repairs, and checks what must hold whatever was damaged. Returns what was reported.
  Repair repaired() {
    const Repair shown = repair(store_.directory(), false);
    EXPECT_TRUE(shown.needed());
    EXPECT_EQ(shown.originals, "");
    EXPECT_EQ(refusal(), shown.refusal) << "nothing has changed";
    Repair done = repair(store_.directory(), true);
    EXPECT_TRUE(fs::exists(done.originals + "/db"));
    EXPECT_FALSE(fs::exists(store_.directory() + "/repairing"));
    EXPECT_FALSE(repair(store_.directory(), false).needed());
    store_.reopen();
    check_histories();
    return done;
  }

  /// The histories are read from the log again, and have everything that it has; the log takes records at new offsets.
  void check_histories() {
    Database& database = store_.database();
    Journal journal(database);
    HistoryStore histories(database);
    EXPECT_EQ(*histories.positions(), Positions{}) << "read from the beginning";
    EXPECT_GT(journal.end(), kAcknowledged);
    const std::int64_t end = journal.end();
    EXPECT_EQ(*journal.append(records(1)), end);
    const auto left = journal.read(0, SIZE_MAX, SIZE_MAX);
    ASSERT_TRUE(left) << left.error().message;
    std::vector<PositionedEvent> events;
    for (const JournalRecord& record : *left) {
      if (record.offset <= kAcknowledged) events.push_back(event_at(record.offset));
    }
    ASSERT_TRUE(histories.commit(batch_of(events), true));
    std::size_t rows = 0;
    ASSERT_TRUE(histories.scan([&](const Owner& owner, const PositionedEvent&) {
      EXPECT_NE(owner, kGone) << "who is erased stays erased";
      ++rows;
      return true;
    }));
    EXPECT_GE(rows + 11, events.size());
    EXPECT_LE(rows, static_cast<std::size_t>(kAcknowledged) - 10);
    rows_ = rows;
    store_.reopen();
    EXPECT_EQ(Journal(store_.database()).end(), end + 1);
  }

  /// Newest last.
  std::vector<fs::path> files(const std::string& extension) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(store_.directory() + "/db")) {
      if (entry.path().extension() == extension) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }

  fs::path newest(Family family) {
    fs::path file = testing::newest_file(store_.database(), family);
    store_.close();
    return file;
  }

  testing::TestStore store_;
  std::size_t rows_ = 0;
};

constexpr std::size_t kAllRows = kAcknowledged - 10;

TEST_F(RepairTest, WhatIsNotDamagedStaysAsItIs) {
  fill(true);
  store_.close();
  const Repair report = repair(store_.directory(), true);
  EXPECT_FALSE(report.needed());
  EXPECT_EQ(report.originals, "");
  EXPECT_EQ(refusal(), "");
}

TEST_F(RepairTest, ADirectoryInUseIsRefused) {
  EXPECT_THROW(repair(store_.directory(), true), std::runtime_error);
  EXPECT_THROW(repair(store_.directory() + "/absent", true), std::runtime_error);
}

TEST_F(RepairTest, TheLastBlockOfTheLog) {
  fill(true);
  testing::damage_last_block(newest(Family::journal));
  EXPECT_THAT(refusal(), HasSubstr("the event log"));
  const Repair report = repaired();
  const RepairedFamily& journal = report.families[static_cast<std::size_t>(Family::journal)];
  EXPECT_EQ(journal.gaps, 1U);
  EXPECT_THAT(journal.reason, HasSubstr("block checksum mismatch"));
  EXPECT_GT(journal.rows, static_cast<std::size_t>(kAcknowledged) / 2) << "only the block is lost";
  EXPECT_EQ(rows_, kAllRows) << "the histories themselves have no damage";
}

TEST_F(RepairTest, BlocksOfTheHistoriesAreWrittenAgainFromTheLog) {
  fill(true);
  const fs::path file = newest(Family::history);
  for (const std::uint64_t place : {100U, 5000U}) flip_bit(file, place);
  EXPECT_EQ(refusal(), "") << "only who reads the rows meets it";
  const Repair report = repaired();
  EXPECT_GE(report.families[static_cast<std::size_t>(Family::history)].gaps, 1U);
  EXPECT_EQ(rows_, kAllRows);
}

TEST_F(RepairTest, AFileThatCannotBeReadAtAll) {
  for (const Family family : {Family::history, Family::meta}) {
    SCOPED_TRACE(kFamilyNames[static_cast<std::size_t>(family)]);
    fill(true);
    const fs::path file = newest(family);
    flip_bit(file, fs::file_size(file) - 5);  // the footer
    EXPECT_THAT(refusal(), HasSubstr(file.filename().string()));
    const Repair report = repaired();
    EXPECT_THAT(report.lost_files, ::testing::ElementsAre(HasSubstr(file.filename().string())));
    EXPECT_EQ(rows_, kAllRows);
    store_.close();
    fs::remove_all(store_.directory());
    store_.reopen();
  }
}

TEST_F(RepairTest, AFileThatIsMissing) {
  fill(true);
  fs::remove(newest(Family::journal));
  EXPECT_NE(refusal(), "");
  (void)repaired();
  EXPECT_EQ(rows_, kAllRows);
}

TEST_F(RepairTest, TheListOfFiles) {
  for (const bool in_files : {true, false}) {
    SCOPED_TRACE(in_files ? "rows in files" : "rows in the write-ahead log");
    fill(in_files);
    store_.close();
    for (const auto& entry : fs::directory_iterator(store_.directory() + "/db")) {
      if (entry.path().filename().string().starts_with("MANIFEST")) flip_bit(entry.path(), 20);
    }
    EXPECT_NE(refusal(), "");
    (void)repaired();
    EXPECT_EQ(rows_, kAllRows);
    EXPECT_EQ(Catalogue(store_.database()).size(), 1U);
    EXPECT_EQ(Erasures(store_.database()).pending()->size(), 1U);
    store_.close();
    fs::remove_all(store_.directory());
    store_.reopen();
  }
}

TEST_F(RepairTest, ALogBeforeTheNewestFiles) {
  fill(false);
  flush(store_.database(), Family::history);  // the other families still need the log
  fill(false);
  store_.close();
  const auto logs = files(".log");
  ASSERT_GE(logs.size(), 2U);
  flip_bit(logs.front(), fs::file_size(logs.front()) / 2);
  EXPECT_THAT(refusal(), HasSubstr("SST file is ahead of WALs"));
  (void)repaired();
  EXPECT_EQ(rows_, kAllRows);
}

}  // namespace
}  // namespace freshet::store
