// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/user_vectors.h"

#include <algorithm>

#include "online/vectors/row_adagrad.h"

namespace freshet::online {
namespace {

constexpr auto kNothingToLeave = [](const auto&) {};

}  // namespace

UserVectors::UserVectors(std::size_t dimension, std::size_t max_users) : dimension_(dimension), users_(max_users) {}

bool UserVectors::copy(OwnerKey key, std::vector<float>& out) const {
  out.clear();
  return users_.read(key, [&](const Values& values) {
    out.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(dimension_));
  });
}

UserSlots::Claim UserVectors::claim(OwnerKey key) { return users_.claim(key, kNothingToLeave, 2 * dimension_, 0.0F); }

void UserVectors::write(Slot slot, std::span<const float> vector) {
  users_.change(slot, [&](Values& values) { std::ranges::copy(vector, values.begin()); });
}

void UserVectors::step(Slot slot, std::span<const float> gradient, float rate) {
  users_.change(slot, [&](Values& values) {
    const std::span<float> all(values);
    adagrad_step(all.first(dimension_), gradient, all.last(dimension_), rate);
  });
}

void UserVectors::erase(OwnerKey key) { users_.erase(key, kNothingToLeave); }

void UserVectors::save(ByteWriter& out) const {
  users_.save(out, [&](const Values& values) {
    for (const float value : values) out.fixed(value);
  });
}

bool UserVectors::load(ByteReader& in) {
  return users_.load(in, [&](OwnerKey key, Values& values) {
    values.assign(key == kNobody ? 0 : 2 * dimension_, 0.0F);
    for (float& value : values) value = in.fixed<float>();
    return true;
  });
}

std::size_t UserVectors::memory_bytes() const {
  return users_.memory_bytes([](const Values& values) { return values.capacity() * sizeof(float); });
}

}  // namespace freshet::online
