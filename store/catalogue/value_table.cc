// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/value_table.h"

#include <atomic>
#include <cstring>

#include "base/check.h"

namespace freshet::store {
namespace {

constexpr std::size_t kLengthBytes = sizeof(std::uint16_t);
constexpr std::size_t kFirstSlots = 8;

std::uint64_t next_version() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

std::string_view text_in(const char* bytes) {
  std::uint16_t length;
  std::memcpy(&length, bytes, kLengthBytes);
  return {bytes + kLengthBytes, length};
}

}  // namespace

std::string_view ValueTable::text(Id id) const { return text_in(values_[id].text.get()); }

std::size_t ValueTable::slot_of(std::string_view text) const {
  std::size_t slot = first_slot(text);
  while (slots_[slot] != kNone && this->text(slots_[slot]) != text) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

ValueTable::Id ValueTable::find(std::string_view text) const { return slots_.empty() ? kNone : slots_[slot_of(text)]; }

void ValueTable::grow() {
  slots_.assign(slots_.empty() ? kFirstSlots : slots_.size() * 2, kNone);
  visit([&](Id id) { slots_[slot_of(text(id))] = id; });
}

ValueTable::Id ValueTable::intern(std::string_view text) {
  if (const Id known = find(text); known != kNone) return known;
  FRESHET_CHECK(text.size() <= kMaxTextBytes);
  if ((size() + 1) * 4 > slots_.size() * 3) grow();
  Id id = static_cast<Id>(values_.size());
  if (free_.empty()) {
    values_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  const auto length = static_cast<std::uint16_t>(text.size());
  values_[id].text = std::make_unique_for_overwrite<char[]>(kLengthBytes + text.size());
  std::memcpy(values_[id].text.get(), &length, kLengthBytes);
  std::memcpy(values_[id].text.get() + kLengthBytes, text.data(), text.size());
  text_bytes_ += kLengthBytes + text.size();
  slots_[slot_of(text)] = id;
  version_ = next_version();
  return id;
}

void ValueTable::remove(Id id, CatalogueRow row) {
  Value& value = values_[id];
  if (!value.rows.remove(row) || !value.rows.empty()) return;
  // The slot is freed, and later values of the same run of slots move up to where a search finds them.
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(text(id));
  for (std::size_t slot = (hole + 1) & mask; slots_[slot] != kNone; slot = (slot + 1) & mask) {
    const std::size_t wanted = first_slot(text(slots_[slot]));
    if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
    slots_[hole] = slots_[slot];
    hole = slot;
  }
  slots_[hole] = kNone;
  text_bytes_ -= kLengthBytes + text(id).size();
  value.text.reset();
  free_.push_back(id);
  version_ = next_version();
}

std::uint64_t ValueTable::memory_bytes() const {
  constexpr std::uint64_t kPerAllocation = 8;  // what an allocator rounds up, on average
  std::uint64_t bytes = values_.capacity() * sizeof(Value) + (free_.capacity() + slots_.capacity()) * sizeof(Id) +
                        text_bytes_ + size() * kPerAllocation;
  visit([&](Id id) { bytes += values_[id].rows.memory_bytes(); });
  return bytes;
}

}  // namespace freshet::store
