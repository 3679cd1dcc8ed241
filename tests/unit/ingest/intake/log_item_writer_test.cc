// SPDX-License-Identifier: Apache-2.0
#include "ingest/intake/log_item_writer.h"

#include <gtest/gtest.h>

#include "base/event.h"
#include "tests/support/memory_log.h"

namespace freshet::ingest {
namespace {

class LogItemWriterTest : public ::testing::Test {
 protected:
  Result<Receipt> change(std::string_view body, std::string item = "", ItemChange::Kind kind = ItemChange::Kind::put) {
    Result<Receipt> receipt = Error{};
    writer.change(body, {.kind = kind, .item = std::move(item), .max_items = 10},
                  [&](Result<Receipt> result) { receipt = std::move(result); });
    return receipt;
  }

  testing::MemoryLog log;
  Metrics metrics;
  LogItemWriter writer{log, {{"image", 2}}, metrics};
};

TEST_F(LogItemWriterTest, ItemsThatAreNotValidAreListedAndTheOthersAppended) {
  const auto receipt = change(R"([{"item":"a","price":1},{"item":"b","":1},{"item":"c"}])");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 2U);
  ASSERT_EQ(receipt->rejected.size(), 1U);
  EXPECT_EQ(receipt->rejected[0].index, 1U);
  EXPECT_EQ(receipt->rejected[0].reason, "attributes: a name must not be empty");
  ASSERT_EQ(log.entries.size(), 2U);
  EXPECT_EQ(log.entries[0].value, R"({"type":"$item","op":"put","item":"a","fields":{"price":1}})");
}

TEST_F(LogItemWriterTest, ARecordThatReadersWouldRefuseIsNotAppended) {
  const std::string name(kMaxIdBytes + 1, 'x');
  const std::string reason = "the record that it would become: item: 513 bytes long, at most 512";
  for (const bool has_state_partition : {false, true}) {
    log.state_partition = has_state_partition;
    EXPECT_EQ(change(R"({"price":1})", name, ItemChange::Kind::patch).error().message, reason);
    EXPECT_TRUE(log.entries.empty());
  }
  log.state_partition = false;
  Result<Receipt> removed = Receipt{};
  writer.remove(name, [&](Result<Receipt> result) { removed = std::move(result); });
  EXPECT_EQ(removed.error().message, reason);
  EXPECT_TRUE(log.entries.empty());
}

TEST_F(LogItemWriterTest, WhereItemsHaveAPartitionAPatchIsARecordPerField) {
  log.state_partition = true;
  ASSERT_TRUE(change(R"({"price":1,"color":"red"})", "$a", ItemChange::Kind::patch));
  ASSERT_TRUE(change("{}", "$a"));
  ASSERT_EQ(log.entries.size(), 3U);
  EXPECT_EQ(log.entries[2].key, "$item/$a");
}

}  // namespace
}  // namespace freshet::ingest
