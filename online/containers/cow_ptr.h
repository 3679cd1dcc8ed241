// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace freshet::online {

/// A copy-on-write pointer: copies share the value until one of them writes it. The owner counts epochs, and starts a
/// new one whenever it publishes copies of its pointers. The first write() of an epoch replaces the owner's value by a
/// copy, so that published pointers keep the old one; further writes of the epoch are in place. Epochs, unlike
/// use_count(), need no synchronization with readers that drop their copies.
/// Threads: one thread makes, copies and writes; other threads may read and destroy the copies published to them.
template <typename T>
class CowPtr {
 public:
  CowPtr() = default;  ///< null

  /// A new value, which can be written in place during `epoch`.
  template <typename... Args>
  static CowPtr make(std::uint64_t epoch, Args&&... args) {
    return CowPtr(std::make_shared<Shared>(Shared{epoch, T(std::forward<Args>(args)...)}));
  }

  bool operator==(std::nullptr_t) const { return shared_ == nullptr; }
  const T* get() const { return &shared_->value; }
  const T& operator*() const { return shared_->value; }
  const T* operator->() const { return &shared_->value; }

  /// The value for writing, copied first unless it was made or copied in `epoch`. REQUIRES: not null
  T& write(std::uint64_t epoch) {
    if (shared_->epoch != epoch) shared_ = std::make_shared<Shared>(Shared{epoch, shared_->value});
    return shared_->value;
  }

 private:
  struct Shared {
    std::uint64_t epoch;  // in which the value was made or copied
    T value;
  };

  explicit CowPtr(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  std::shared_ptr<Shared> shared_;
};

}  // namespace freshet::online
