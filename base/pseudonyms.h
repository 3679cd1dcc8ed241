#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/event.h"
#include "base/keyed_hash.h"

namespace freshet {

/// Stands in for the ids of users and sessions wherever they would be kept (docs/privacy.md): 32 hexadecimal digits of
/// a keyed hash, the same for the same id as long as the key is. A user and a session of one name have nothing in
/// common. Threads: all methods may be called concurrently. Cheap to copy.
class Pseudonyms {
 public:
  /// Shorter keys are refused by whoever reads them.
  static constexpr std::size_t kMinKeyBytes = 16;

  /// None: ids stay as they are.
  Pseudonyms() = default;

  /// An empty key: none.
  explicit Pseudonyms(std::string_view key);

  bool in_use() const { return hash_.has_value(); }

  /// Hash of "user:ID" or "session:ID"; of an empty id, which is nobody's, the empty text.
  std::string of(Owner::Kind kind, std::string_view id) const;
  Owner of(const Owner& owner) const { return {owner.kind, of(owner.kind, owner.id)}; }

  /// Its user and its session.
  void replace_in(Event& event) const;

  /// Tells keys apart and gives none away; empty if none is in use.
  std::string fingerprint() const;

 private:
  std::optional<KeyedHash> hash_;
};

}  // namespace freshet
