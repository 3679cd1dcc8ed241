// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/row_texts.h"

#include <cstring>

namespace freshet::store {
namespace {

using Length = std::uint32_t;

/// What the allocator takes for a text.
std::uint64_t allocated(std::size_t length) { return (sizeof(Length) + length + 8 + 15) / 16 * 16; }

}  // namespace

void RowTexts::set(CatalogueRow row, std::string_view text) {
  if (row >= texts_.size()) texts_.resize(row + std::size_t{1});
  const auto length = static_cast<Length>(text.size());
  auto& place = texts_[row];
  place = std::make_unique_for_overwrite<char[]>(sizeof(length) + text.size());
  std::memcpy(place.get(), &length, sizeof(length));
  std::memcpy(place.get() + sizeof(length), text.data(), text.size());
  ++count_;
  bytes_ += allocated(text.size());
}

void RowTexts::clear(CatalogueRow row) {
  if (row >= texts_.size() || !texts_[row]) return;
  bytes_ -= allocated(text(row).size());
  --count_;
  texts_[row].reset();
}

std::string_view RowTexts::text(CatalogueRow row) const {
  if (row >= texts_.size() || !texts_[row]) return {};
  Length length = 0;
  std::memcpy(&length, texts_[row].get(), sizeof(length));
  return {texts_[row].get() + sizeof(length), length};
}

}  // namespace freshet::store
