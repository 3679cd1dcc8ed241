#include "store/options.h"

namespace freshet::store {

std::vector<std::string> Options::validate() const {
  std::vector<std::string> problems;
  if (directory.empty()) problems.emplace_back("store.directory: must not be empty");
  if (memtable_bytes * 2 > max_wal_bytes) {
    problems.emplace_back("store.max_wal_bytes: must be at least twice store.memtable_bytes");
  }
  return problems;
}

}  // namespace freshet::store
