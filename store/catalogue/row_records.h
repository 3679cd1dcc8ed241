// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "store/catalogue/postings.h"

namespace freshet::store {

using AttributeId = std::uint16_t;

/// What an entry of a row's record says of an attribute.
enum class EntryKind : std::uint8_t {
  texts,   ///< the numbers of its texts in the attribute's ValueTable; none: an empty list
  number,  ///< also a time, in milliseconds
  time,
  boolean,     ///< the count is the value
  unsearched,  ///< it is there, but not searched by value: JSON, or a long text
};

/// Words of 32 bits: entries one after another, each with a header (attribute, kind, count) and `count` words; a number
/// has two. What a filter tests is read from one place per row, and a row is removed from where its record says it is.
class RecordReader {
 public:
  explicit RecordReader(std::span<const std::uint32_t> words) : words_(words) {}

  /// Goes to the next entry. False if there is none.
  bool next() {
    words_ = words_.subspan(entry_words_);
    if (words_.empty()) return false;
    entry_words_ = 1 + (kind() == EntryKind::texts ? count() : kind() <= EntryKind::time ? 2 : 0);
    return true;
  }

  AttributeId attribute() const { return static_cast<AttributeId>(words_[0] >> 16U); }
  EntryKind kind() const { return static_cast<EntryKind>((words_[0] >> 13U) & 7U); }
  std::span<const std::uint32_t> texts() const { return words_.subspan(1, count()); }
  double number() const { return std::bit_cast<double>(std::uint64_t{words_[2]} << 32U | words_[1]); }
  bool boolean() const { return count() != 0; }
  std::size_t entry_words() const { return entry_words_; }

 private:
  std::uint32_t count() const { return words_[0] & 0x1FFFU; }

  std::span<const std::uint32_t> words_;
  std::size_t entry_words_ = 0;
};

/// Writes the words that RecordReader reads.
class RecordWriter {
 public:
  static constexpr std::size_t kMaxTexts = 0x1FFF;  ///< of one entry

  void clear() { words_.clear(); }
  /// REQUIRES: texts.size() <= kMaxTexts
  void texts(AttributeId attribute, std::span<const std::uint32_t> texts) {
    header(attribute, EntryKind::texts, static_cast<std::uint32_t>(texts.size()));
    words_.insert(words_.end(), texts.begin(), texts.end());
  }
  /// `kind`: number or time
  void number(AttributeId attribute, EntryKind kind, double number) {
    const auto bits = std::bit_cast<std::uint64_t>(number);
    header(attribute, kind, 0);
    words_.push_back(static_cast<std::uint32_t>(bits));
    words_.push_back(static_cast<std::uint32_t>(bits >> 32U));
  }
  void boolean(AttributeId attribute, bool value) { header(attribute, EntryKind::boolean, value ? 1 : 0); }
  void unsearched(AttributeId attribute) { header(attribute, EntryKind::unsearched, 0); }

  std::span<const std::uint32_t> words() const { return words_; }

 private:
  void header(AttributeId attribute, EntryKind kind, std::uint32_t count) {
    words_.push_back(std::uint32_t{attribute} << 16U | static_cast<std::uint32_t>(kind) << 13U | count);
  }

  std::vector<std::uint32_t> words_;
};

/// The record of each row.
class RowRecords {
 public:
  void set(CatalogueRow row, std::span<const std::uint32_t> words);
  void clear(CatalogueRow row);

  /// Empty if the row has none.
  std::span<const std::uint32_t> words(CatalogueRow row) const {
    if (row >= records_.size() || !records_[row]) return {};
    return {records_[row].get() + 1, records_[row][0]};
  }

  /// Beside the words of the records.
  std::uint64_t overhead_bytes() const { return records_.capacity() * sizeof(records_[0]) + records_made_ * 12; }

 private:
  std::vector<std::unique_ptr<std::uint32_t[]>> records_;  ///< the number of words, and the words
  std::uint64_t records_made_ = 0;
};

}  // namespace freshet::store
