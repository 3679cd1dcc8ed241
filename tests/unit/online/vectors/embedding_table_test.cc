// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/embedding_table.h"

#include <gtest/gtest.h>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

std::uint32_t admit(EmbeddingTable& table, ItemIndex item) {
  bool is_new = false;
  std::uint32_t row = kNoRow;
  for (int i = 0; i < 2; ++i) row = table.observe(item, is_new);
  return row;
}

TEST(EmbeddingTable, AdmitsAnItemAtItsSecondSighting) {
  EmbeddingTable table(16, 100, 1000, 2);
  bool is_new = false;
  EXPECT_EQ(table.observe(7, is_new), kNoRow);
  EXPECT_FALSE(is_new);
  EXPECT_EQ(table.observe(7, is_new), 0U);
  EXPECT_TRUE(is_new);
  EXPECT_EQ(table.observe(7, is_new), 0U);
  EXPECT_FALSE(is_new);
  EXPECT_EQ(table.row_of(8), kNoRow);
}

TEST(EmbeddingTable, WhenFullTheLeastRecentlySeenItemGivesItsRowUp) {
  EmbeddingTable table(16, 3, 1000, 2);
  for (const ItemIndex item : {1U, 2U, 3U, 1U}) admit(table, item);
  const std::uint32_t row = table.row_of(2);
  EXPECT_EQ(admit(table, 9), row);
  EXPECT_EQ(table.row_of(2), kNoRow);
  EXPECT_EQ(table.rows(), 3U);
  EXPECT_EQ(table.item_of(row), 9U);
}

TEST(EmbeddingTable, APublishedViewNeverChanges) {
  EmbeddingTable table(16, 1000, 1000, 1);
  bool is_new = false;
  for (ItemIndex item = 0; item < 300; ++item) {
    table.write(table.observe(item, is_new), std::vector<float>(16, static_cast<float>(item)), 0);
  }
  const auto published = table.publish();
  table.write(table.row_of(5), std::vector<float>(16, -1.0F), 2);
  table.forget(6);
  table.observe(500, is_new);
  EXPECT_EQ(published->vector(published->row_of(5))[0], 5.0F);
  EXPECT_EQ(published->offset(published->row_of(5)), 0.0F);
  EXPECT_EQ(published->rows, 300U);
  EXPECT_EQ(published->row_of(500), kNoRow);
  EXPECT_EQ(table.live().vector(table.row_of(5))[0], -1.0F);
  EXPECT_EQ(table.row_of(6), kNoRow);
}

TEST(EmbeddingTable, SavesAndLoadsExactly) {
  EmbeddingTable table(16, 3, 1000, 2);
  for (const ItemIndex item : {1U, 2U, 3U, 4U}) {
    const std::uint32_t row = admit(table, item);
    table.write(row, std::vector<float>(16, static_cast<float>(item)), 0.5F);
    table.write_prior(row, -3);
  }
  bool is_new = false;
  table.observe(9, is_new);
  const std::string bytes = testing::saved(table);
  EmbeddingTable loaded(16, 3, 1000, 2);
  ByteReader in(bytes);
  ASSERT_TRUE(loaded.load(in));
  EXPECT_EQ(testing::saved(loaded), bytes);
  EXPECT_NE(loaded.observe(9, is_new), kNoRow);  // its first sighting was remembered
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EmbeddingTable fresh(16, 3, 1000, 2);
    ByteReader part(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(fresh.load(part)) << size;
  }
}

}  // namespace
}  // namespace freshet::online
