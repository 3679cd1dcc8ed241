// SPDX-License-Identifier: Apache-2.0
#include "online/part/id_hash.h"

#include "base/random.h"

namespace freshet::online {
namespace {

// Domains of sip_hash(). Checkpoints contain such hashes: do not renumber.
constexpr std::uint64_t kUser = 1;
constexpr std::uint64_t kSession = 2;
constexpr std::uint64_t kEvent = 3;
constexpr std::uint64_t kSender = 4;

}  // namespace

IdHash IdHash::without_key() {
  IdHash hash;
  hash.key_.reset();
  return hash;
}

OwnerKey IdHash::owner(Owner::Kind kind, std::string_view id) const {
  const std::uint64_t hash = key_ ? sip_hash(*key_, kind == Owner::Kind::user ? kUser : kSession, id)
                                  : stable_hash(id, static_cast<std::uint64_t>(kind));
  return hash == 0 ? OwnerKey{1} : OwnerKey{hash};
}

std::uint64_t IdHash::event(std::string_view id) const { return key_ ? sip_hash(*key_, kEvent, id) : stable_hash(id); }

std::uint64_t IdHash::sender(std::string_view name) const {
  return key_ ? sip_hash(*key_, kSender, name) : stable_hash(name);
}

std::uint64_t IdHash::item_of(std::uint64_t sender, std::string_view item) const {
  return key_ ? sip_hash(*key_, sender, item) : stable_hash(item, sender);
}

void IdHash::save(ByteWriter& out) const {
  out.varint(key_ ? 1 : 0);
  if (!key_) return;
  out.fixed(key_->first);
  out.fixed(key_->second);
}

void IdHash::load(ByteReader& in) {
  key_.reset();
  if (in.varint() == 0) return;
  key_.emplace();
  key_->first = in.fixed<std::uint64_t>();
  key_->second = in.fixed<std::uint64_t>();
}

}  // namespace freshet::online
