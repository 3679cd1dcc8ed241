// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/event.h"
#include "base/sip_hash.h"
#include "online/part/context.h"

namespace freshet::online {

/// The hashes by which a model knows users, sessions and event ids: 64 bits, under a secret key that the model keeps and
/// saves. Senders choose ids, so who could compute the hashes could choose an id that has the hash of another. Hashes of
/// users, of sessions, of event ids and of senders have nothing in common.
/// Threads: as a value.
/// Cost:    one sip_hash().
class IdHash {
 public:
  /// A key that is always the same, so that an evaluation can be repeated.
  IdHash() : IdHash(SipKey{}) {}
  explicit IdHash(const SipKey& key) : key_(key) {}

  /// A new key.
  static IdHash random() { return IdHash(random_sip_key()); }

  /// Without a key, as in models of 0.1.0: anybody can compute it, and find ids with the same hash.
  static IdHash without_key();

  /// Never kNobody.
  OwnerKey owner(Owner::Kind kind, std::string_view id) const;

  /// kNobody if the id is empty: an anonymous event.
  OwnerKey user(std::string_view id) const { return id.empty() ? kNobody : owner(Owner::Kind::user, id); }

  std::uint64_t event(std::string_view id) const;

  /// Of a sender, and of an item that it has sent events about.
  std::uint64_t sender(std::string_view name) const;
  std::uint64_t item_of(std::uint64_t sender, std::string_view item) const;

  void save(ByteWriter& out) const;
  void load(ByteReader& in);

  bool operator==(const IdHash&) const = default;

 private:
  std::optional<SipKey> key_;
};

}  // namespace freshet::online
