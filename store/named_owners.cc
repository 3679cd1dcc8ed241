// SPDX-License-Identifier: Apache-2.0
#include "store/named_owners.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>

#include "store/dead_letters.h"
#include "store/record_texts.h"

namespace freshet::store {
namespace {

constexpr std::size_t kBeginnings = 256 * 256;

/// The index of what begins with these bytes. Behind the last byte of a text there may be any.
std::size_t beginning(char first, char second) {
  return std::size_t{static_cast<unsigned char>(first)} * 256 + static_cast<unsigned char>(second);
}

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// True if `before`, a letter or digit, may be the length of the `size` bytes behind it: in Protobuf and MessagePack, in
/// Avro, in CBOR. Everything around a short record may be letters and digits by chance, and then looks like text.
bool is_length(char before, std::size_t size) {
  const auto length = static_cast<unsigned char>(before);
  return length == size || length == 2 * size || length == (0x60 | size);
}

/// True if the `size` bytes at `at` are not a part of a longer word.
bool is_word(std::string_view text, std::size_t at, std::size_t size) {
  const auto inside = [&](std::size_t end) { return in_word(text[end - 1]) && in_word(text[end]); };
  if (at > 0 && inside(at)) return is_length(text[at - 1], size);
  return at + size == text.size() || !inside(at + size) || (at > 0 && is_length(text[at - 1], size));
}

}  // namespace

NamedOwners::NamedOwners(std::span<const Erasure> erasures) : by_beginning_(kBeginnings) {
  for (const Erasure& erasure : erasures) {
    const std::string_view id = erasure.owner.id;
    const Name name{id, ErasedPart{erasure.before, true},
                    id.find_first_of(" \t\r\n{}[]:,\"'") != std::string_view::npos};
    if (id.size() > 1) by_beginning_[beginning(id[0], id[1])].push_back(name);
    for (int second = 0; id.size() == 1 && second < 256; ++second) {
      by_beginning_[beginning(id[0], static_cast<char>(second))].push_back(name);
    }
  }
}

/// True if an id that counts is in `bytes`.
template <typename Counts>
bool NamedOwners::has_name(std::string_view bytes, Counts counts) const {
  const bool text = is_text(bytes);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char second = at + 1 < bytes.size() ? bytes[at + 1] : '\0';
    for (const Name& name : by_beginning_[beginning(bytes[at], second)]) {
      if (!bytes.substr(at).starts_with(name.id) || !counts(name)) continue;
      if (!text || is_word(bytes, at, name.id.size())) return true;
    }
  }
  return false;
}

bool NamedOwners::in(const RejectedRecord& record) const {
  const bool former = has_header(record, kFormerLogHeader);
  const auto covered = [&](const Name& name) { return former || name.part.covers(record.position); };
  bool found = false;
  const auto search = [&](std::string_view part) {
    const bool binary = !is_text(part);
    found = found || has_name(part, [&](const Name& name) { return (binary || name.is_split) && covered(name); });
    visit_texts(part, [&](std::string_view text) { found = found || has_name(text, covered); });
  };
  search(quoted(record.reason));
  search(record.key);
  search(record.value);
  for (const auto& [name, value] : record.headers) {
    search(name);
    search(value);
  }
  return found;
}

bool NamedOwners::in(std::string_view damaged) const {
  return has_name(damaged, [](const Name&) { return true; });
}

}  // namespace freshet::store
