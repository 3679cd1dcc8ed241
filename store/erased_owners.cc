// SPDX-License-Identifier: Apache-2.0
#include "store/erased_owners.h"

namespace freshet::store {

bool ErasedOwners::covers(const Owner& owner, const Position& position) const {
  if (empty_) return false;
  const MutexLock lock(mutex_);
  const auto own = before_.find(owner);
  return own != before_.end() && is_below(position, own->second);
}

void ErasedOwners::put(const Owner& owner, const Positions& before) {
  const MutexLock lock(mutex_);
  before_[owner] = before;
  empty_ = false;
}

void ErasedOwners::remove(const Owner& owner) {
  const MutexLock lock(mutex_);
  before_.erase(owner);
  empty_ = before_.empty();
}

void ErasedOwners::clear() {
  const MutexLock lock(mutex_);
  before_.clear();
  empty_ = true;
}

}  // namespace freshet::store
