#include "online/vectors/user_vectors.h"

#include <algorithm>
#include <mutex>

#include "online/vectors/row_adagrad.h"

namespace freshet::online {

UserVectors::UserVectors(std::size_t dimension, std::size_t max_users)
    : dimension_(dimension), slots_(max_users), users_(max_users) {}

bool UserVectors::copy(std::uint64_t key, std::vector<float>& out) const {
  out.clear();
  const Slot slot = key == 0 ? UserSlots::kNone : slots_.find(key);
  if (slot == UserSlots::kNone) return false;
  const User* user = users_.find(slot);
  if (user == nullptr) return false;
  const std::lock_guard lock(locks_.of(slot));
  if (user->key != key) return false;  // given to another meanwhile
  out.assign(user->values.begin(), user->values.begin() + static_cast<std::ptrdiff_t>(dimension_));
  return true;
}

void UserVectors::reset(Slot slot, std::uint64_t key) {
  User& user = users_.at(slot);
  const std::lock_guard lock(locks_.of(slot));
  user.key = key;
  user.values.assign(key == 0 ? 0 : 2 * dimension_, 0.0F);
}

UserSlots::Claim UserVectors::claim(std::uint64_t key) {
  const UserSlots::Claim claim = slots_.claim(key);
  if (claim.is_new) reset(claim.slot, key);
  return claim;
}

void UserVectors::write(Slot slot, std::span<const float> vector) {
  const std::lock_guard lock(locks_.of(slot));
  std::ranges::copy(vector, users_.at(slot).values.begin());
}

void UserVectors::step(Slot slot, std::span<const float> gradient, float rate) {
  User& user = users_.at(slot);
  const std::lock_guard lock(locks_.of(slot));
  const std::span<float> values(user.values);
  adagrad_step(values.first(dimension_), gradient, values.last(dimension_), rate);
}

void UserVectors::erase(std::uint64_t key) {
  const Slot slot = slots_.release(key);
  if (slot != UserSlots::kNone) reset(slot, 0);
}

void UserVectors::save(ByteWriter& out) const {
  slots_.save(out);
  for (Slot slot = 0; slot < slots_.size(); ++slot) {
    for (const float value : users_.find(slot)->values) out.fixed(value);
  }
}

bool UserVectors::load(ByteReader& in) {
  if (!slots_.load(in)) return false;
  for (Slot slot = 0; slot < slots_.size() && in.ok(); ++slot) {
    reset(slot, slots_.key_of(slot));
    for (float& value : users_.at(slot).values) value = in.fixed<float>();
  }
  return in.ok();
}

std::size_t UserVectors::memory_bytes() const {
  return slots_.memory_bytes() + users_.memory_bytes() + slots_.size() * 2 * dimension_ * sizeof(float);
}

}  // namespace freshet::online
