// SPDX-License-Identifier: Apache-2.0
#include "store/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "base/random.h"
#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/journal_size.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

constexpr std::int64_t kLargest = 100'000;                           // bytes of a record
constexpr std::int64_t kSlack = JournalSize::kMarkBytes + kLargest;  // of bytes()

/// What the journal must hold: bytes and arrival of each record.
struct Model {
  std::int64_t begin = 0;
  std::deque<std::pair<std::int64_t, std::int64_t>> records;

  std::int64_t bytes() const {
    std::int64_t sum = 0;
    for (const auto& record : records) sum += record.first;
    return sum;
  }
};

class JournalProperty : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void append() {
    std::vector<JournalRecord> added;
    const bool large = random_.below(3) == 0;
    for (std::uint64_t n = 1 + random_.below(large ? 30 : 200); n > 0; --n) {
      const std::string value(random_.below(large ? kLargest - 100 : 300), 'x');
      added.push_back({0, timestamp_from_ms(now_ += 1), "key", value});
      const std::int64_t size =
          static_cast<std::int64_t>(encode_offset(0).size() + encode_journal_value(added.back()).size());
      model_.records.emplace_back(size, now_);
    }
    ASSERT_TRUE(journal_->append(added));
  }

  void trim() {
    const auto count = static_cast<std::int64_t>(model_.records.size());
    const std::int64_t offset = model_.begin + static_cast<std::int64_t>(random_.below(model_.records.size() + 3));
    const std::int64_t arrived_before =
        random_.below(2) == 0 ? 0 : now_ - static_cast<std::int64_t>(random_.below(500));
    const std::int64_t most =
        random_.below(4) == 0 ? Journal::kAnyBytes : static_cast<std::int64_t>(random_.below(4 << 20));
    ASSERT_TRUE(journal_->trim(offset, timestamp_from_ms(arrived_before), most));

    const std::int64_t gone = journal_->begin() - model_.begin;
    ASSERT_GE(gone, 0);
    ASSERT_LE(journal_->begin(), std::max(offset, model_.begin)) << "what a reader has not committed";
    ASSERT_LE(gone, count);
    for (std::int64_t i = 0; i < gone; ++i) {
      const auto [bytes, arrival] = model_.records.front();
      ASSERT_TRUE(arrival < arrived_before || model_.bytes() > most - kSlack) << "neither old nor too much";
      model_.records.pop_front();
    }
    model_.begin += gone;
    ASSERT_TRUE(journal_->bytes() <= most || journal_->begin() >= std::min(offset, journal_->end()));
  }

  void reopen() {
    const std::int64_t begin = journal_->begin(), end = journal_->end(), bytes = journal_->bytes();
    journal_.reset();
    store_.reopen();
    journal_.emplace(store_.database());
    ASSERT_EQ(journal_->begin(), begin);
    ASSERT_EQ(journal_->end(), end);
    ASSERT_EQ(journal_->bytes(), bytes);
  }

  void check() const {
    ASSERT_EQ(journal_->end() - journal_->begin(), static_cast<std::int64_t>(model_.records.size()));
    ASSERT_GE(journal_->bytes(), model_.bytes());
    ASSERT_LE(journal_->bytes(), model_.bytes() + kSlack);
  }

  Random random_{testing::test_seed(GetParam())};
  std::int64_t now_ = 1000;
  Model model_;
  testing::TestStore store_;
  std::optional<Journal> journal_{std::in_place, store_.database()};
};

TEST_P(JournalProperty, KnowsItsSizeAndTrimsNothingThatIsNeeded) {
  for (int step = 0; step < 300 && !HasFatalFailure(); ++step) {
    const auto what = random_.below(20);
    if (what < 12)
      append();
    else if (what < 19)
      trim();
    else
      reopen();
    check();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, JournalProperty, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace freshet::store
