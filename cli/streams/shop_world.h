#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/event.h"

namespace freshet::cli {

struct ShopOptions {
  std::size_t users = 1000;
  std::size_t items = 1000;
  std::uint64_t events = 100'000;
  std::uint64_t seed = 1;
  double days = 7;     ///< that the stream covers
  double drift = 0.2;  ///< share of the catalogue that is replaced over the whole stream
  Timestamp start{};   ///< of the stream
};

/// A made-up shop whose regularities are known: items have a category, a place in a chain of accessories and a
/// popularity, as categories have; users have tastes over categories; a session walks within a category, mostly to an
/// item's accessory, sometimes to another popular one; some visits become carts and purchases; days have a rhythm;
/// items are born and die. What a recommender can learn: the accessory chain (a session model's gain), category
/// (co-visitation), popularity. Threads: one. Deterministic for a seed.
class ShopWorld {
 public:
  explicit ShopWorld(const ShopOptions& options);
  ~ShopWorld();

  /// The next event in order of time, until ShopOptions::events have been given; then item is empty.
  Event next();

  /// The whole catalogue, also items that are born later.
  std::vector<Item> catalogue() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::cli
