#include "store/dead_letters.h"

#include <mutex>
#include <shared_mutex>

#include "store/key_codec.h"
#include "store/rocks.h"
#include "store/value_codec.h"

namespace freshet::store {

Result<void> DeadLetters::scan(const std::function<bool(const RejectedRecord&)>& visit) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::dead_letters)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const auto position = decode_position(to_view(it->key()));
    const auto record = position ? decode_rejected(to_view(it->value()), *position) : std::nullopt;
    if (!record) return Error{Errc::corrupt, "a dead letter cannot be decoded"};
    if (!visit(*record)) break;
  }
  if (!it->status().ok()) return to_error(it->status());
  return {};
}

Result<std::size_t> DeadLetters::count() const {
  std::size_t count = 0;
  const auto scanned = scan([&](const RejectedRecord&) {
    ++count;
    return true;
  });
  if (!scanned) return scanned.error();
  return count;
}

}  // namespace freshet::store
