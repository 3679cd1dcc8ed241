// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "store/catalogue.h"
#include "store/history_store.h"
#include "tests/support/history_events.h"
#include "tests/support/item_changes.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kItems = 12;
constexpr std::int32_t kPartitions = 2;

/// The catalogue in the simplest form.
struct Reference {
  std::map<std::string, Item> items;
  std::map<std::string, PositionedEvent> removed;  // by the records that removed them
  bool strict = false;

  void add(const PositionedEvent& entry) {
    const Event& event = entry.event;
    const auto known = items.find(event.item);
    const auto removal = removed.find(event.item);
    if (event.kind == EventKind::interaction) {
      if (strict || removal == removed.end()) return;
      const PositionedEvent& record = removal->second;
      const bool same = record.position.partition == entry.position.partition;
      if (same ? entry.position > record.position : entry.arrival > record.arrival) removed.erase(removal);
    } else if (event.change->kind == ItemChange::Kind::put) {
      items[event.item] = event.change->item;
      removed.erase(event.item);
    } else if (event.change->kind == ItemChange::Kind::remove) {
      items.erase(event.item);
      removed[event.item] = entry;
    } else if (known != items.end()) {
      apply(*event.change, known->second);
    }
  }

  bool is_available(const std::string& name) const {
    const auto known = items.find(name);
    return known == items.end() ? !strict && !removed.contains(name) : known->second.available;
  }

  /// Newest first, then by name.
  std::vector<std::string> newest() const {
    std::vector<const Item*> available;
    for (const auto& [name, item] : items) {
      if (item.available) available.push_back(&item);
    }
    std::ranges::stable_sort(available, [](const Item* a, const Item* b) { return a->time > b->time; });
    std::vector<std::string> names;
    for (const Item* item : available) names.push_back(item->item);
    return names;
  }
};

std::string random_name(Random& random) { return "i" + std::to_string(random.below(kItems)); }

Item random_item(Random& random) {
  Item item;
  item.item = random_name(random);
  item.title = std::to_string(random.below(1000));
  item.available = random.below(3) > 0;
  item.time = timestamp_from_ms(static_cast<std::int64_t>(random.below(4)));
  if (random.below(2) == 0) item.attributes = {{"a", 1.0}, {"b", std::string("x")}};
  return item;
}

ItemChange random_change(Random& random) {
  if (random.below(5) == 0) return testing::removal_of(random_name(random));
  ItemChange change = testing::put_of(random_item(random));
  if (random.below(2) == 0) {
    change.kind = ItemChange::Kind::patch;
    change.fields = static_cast<std::uint16_t>(random.below(128));
    change.item.attributes.clear();
    if (random.below(3) == 0) change.item.attributes = {{"a", std::monostate{}}, {"c", true}};
  }
  return change;
}

/// A log of two partitions, and the order in which it is read.
class Log {
 public:
  explicit Log(Random& random) : random_(random) {}

  const std::vector<PositionedEvent>& records() const { return records_; }

  void append(std::size_t count) {
    for (; count > 0; --count) {
      const auto partition = static_cast<std::int32_t>(random_.below(kPartitions));
      const Position position{partition, offsets_[static_cast<std::size_t>(partition)]++};
      arrival_ += static_cast<std::int64_t>(random_.below(3));
      const std::int64_t arrival = std::max<std::int64_t>(0, arrival_ - static_cast<std::int64_t>(random_.below(4)));
      if (random_.below(2) == 0) {
        PositionedEvent entry = testing::user_event(position.offset, "u", random_name(random_), arrival);
        entry.position = position;
        records_.push_back(std::move(entry));
      } else {
        records_.push_back(testing::item_record(position, random_change(random_), arrival));
      }
    }
  }

 private:
  Random& random_;
  std::vector<PositionedEvent> records_;
  std::array<std::int64_t, kPartitions> offsets_{};
  std::int64_t arrival_ = 1000;
};

class Service {
 public:
  explicit Service(const CatalogueOptions& options) : options_(options) { open(); }

  void reopen() {
    close();
    open();
  }

  /// As after a power cut: what was written last is not on disk. True if anything is lost.
  bool crash(Random& random) {
    const Positions before = *histories_->positions();
    close();
    fs::path newest;
    for (const auto& file : fs::recursive_directory_iterator(testing::options_in(*directory_).directory)) {
      if (file.path().extension() == ".log" && file.path() > newest) newest = file.path();
    }
    const std::uintmax_t size = fs::file_size(newest);
    fs::resize_file(newest, size - std::min<std::uintmax_t>(size, random.below(1500)));
    open();
    return *histories_->positions() != before;
  }

  /// Commits records [begin, end) in batches of random sizes, but those that the histories have if `resumes`.
  void commit(Random& random, const Log& log, std::size_t begin, std::size_t end, bool resumes = false) {
    const Positions written = resumes ? *histories_->positions() : Positions{};
    std::vector<PositionedEvent> batch;
    for (std::size_t i = begin, size = 0; i < end; ++i) {
      const PositionedEvent& record = log.records()[i];
      if (size == 0) size = 1 + random.below(12);
      if (!is_below(record.position, written)) batch.push_back(record);
      if (batch.size() < size && i + 1 < end) continue;
      size = 0;
      if (!batch.empty()) {
        ASSERT_TRUE(histories_->commit(testing::batch_of(std::exchange(batch, {})), true));
      }
    }
  }

  ~Service() { close(); }

  std::optional<Catalogue> catalogue;

 private:
  void open() {
    database_.emplace(testing::options_in(*directory_));
    catalogue.emplace(*database_, options_);
    histories_.emplace(*database_);
  }
  void close() {
    histories_.reset();
    catalogue.reset();
    database_.reset();
  }

  const CatalogueOptions options_;
  std::unique_ptr<testing::TempDirectory> directory_ = std::make_unique<testing::TempDirectory>();
  std::optional<Database> database_;
  std::optional<HistoryStore> histories_;
};

void expect_equal(const Catalogue& catalogue, const Reference& expected) {
  std::vector<Item> items;
  std::vector<std::string> newest;
  for (const auto& [name, item] : expected.items) items.push_back(item);
  for (const auto& item : catalogue.newest_available(100, nullptr)) newest.push_back(item.name);
  std::ranges::sort(items, {}, &Item::item);
  ASSERT_EQ(*catalogue.page("", 100), items);
  ASSERT_EQ(newest, expected.newest());
  ASSERT_EQ(catalogue.size(), items.size());
  ASSERT_EQ(catalogue.removed_items(), expected.removed.size());
  ASSERT_EQ(catalogue.unavailable_items(),
            static_cast<std::size_t>(std::ranges::count(items, false, &Item::available)));
  for (std::uint64_t i = 0; i < kItems; ++i) {
    const std::string name = "i" + std::to_string(i);
    ASSERT_EQ(catalogue.is_available(name), expected.is_available(name)) << name;
    const auto found = catalogue.find(name);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->has_value(), expected.items.contains(name)) << name;
  }
}

TEST(CatalogueModel, IsWhatTheLogSaysHoweverItIsCutReadAgainAndInterrupted) {
  Random random(testing::test_seed(11));
  int losses = 0;
  for (int round = 0; round < 8; ++round) {
    Reference expected;
    expected.strict = round % 4 == 3;
    Service service({.strict = expected.strict});
    Log log(random);
    for (int step = 0; step < 60; ++step) {
      const std::size_t begin = log.records().size();
      log.append(1 + random.below(30));
      service.commit(random, log, begin, log.records().size());
      for (std::size_t i = begin; i < log.records().size(); ++i) expected.add(log.records()[i]);
      if (round % 2 == 0 && random.below(5) == 0) {  // what is committed is read again, from anywhere
        service.commit(random, log, random.below(log.records().size()), log.records().size());
      }
      if (round % 2 == 1 && random.below(5) == 0) {
        losses += service.crash(random) ? 1 : 0;
        service.commit(random, log, 0, log.records().size(), /*resumes=*/true);
      }
      if (random.below(8) == 0) service.reopen();
      expect_equal(*service.catalogue, expected);
      ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "round " << round << ", step " << step;
    }
  }
  EXPECT_GT(losses, 0);
}

}  // namespace
}  // namespace freshet::store
