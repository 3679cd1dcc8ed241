// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/event.h"
#include "base/keyed_hash.h"

namespace freshet {

/// Replaces ids of users and sessions by pseudonyms before they are stored (docs/privacy.md): 32 hexadecimal digits of a
/// keyed hash. The same id and key always give the same pseudonym; a user and a session of the same name have different
/// ones.
/// Threads: all methods may be called concurrently.
/// Cost:    cheap to copy; of() is one KeyedHash::hex().
class Pseudonyms {
 public:
  /// The configuration refuses shorter keys.
  static constexpr std::size_t kMinKeyBytes = 16;

  /// Not in use: ids are kept unchanged.
  Pseudonyms() = default;

  /// An empty key: not in use.
  explicit Pseudonyms(std::string_view key);

  bool in_use() const { return hash_.has_value(); }

  /// Hash of "user:ID" or "session:ID". An empty id, which means no owner, stays empty.
  std::string of(Owner::Kind kind, std::string_view id) const;
  Owner of(const Owner& owner) const { return {owner.kind, of(owner.kind, owner.id)}; }

  /// Replaces the event's user and session.
  void replace_in(Event& event) const;

  /// Identifies the key without revealing it; empty if not in use.
  std::string fingerprint() const;

 private:
  std::optional<KeyedHash> hash_;
};

}  // namespace freshet
