// SPDX-License-Identifier: Apache-2.0
#include "base/pseudonyms.h"

namespace freshet {
namespace {

constexpr std::size_t kDigits = 32;  // 128 bits: no collision among a billion ids

}  // namespace

Pseudonyms::Pseudonyms(std::string_view key) {
  if (!key.empty()) hash_.emplace(key);
}

std::string Pseudonyms::of(Owner::Kind kind, std::string_view id) const {
  if (!hash_ || id.empty()) return std::string(id);
  std::string text = kind == Owner::Kind::user ? "user:" : "session:";
  return hash_->hex(text.append(id), kDigits);
}

void Pseudonyms::replace_in(Event& event) const {
  if (!hash_) return;
  event.user = of(Owner::Kind::user, event.user);
  event.session = of(Owner::Kind::session, event.session);
}

std::string Pseudonyms::fingerprint() const { return hash_ ? hash_->hex("fingerprint", kDigits) : std::string(); }

}  // namespace freshet
