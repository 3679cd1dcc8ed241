#include "store/options.h"

#include "base/pseudonyms.h"

namespace freshet::store {

std::vector<std::string> Options::validate() const {
  std::vector<std::string> problems;
  if (directory.empty()) problems.emplace_back("store.directory: must not be empty");
  if (memtable_bytes * 2 > max_wal_bytes) {
    problems.emplace_back("store.max_wal_bytes: must be at least twice store.memtable_bytes");
  }
  if (!pseudonym_key.empty() && pseudonym_key.size() < Pseudonyms::kMinKeyBytes) {
    problems.push_back("store.pseudonym_key: at least " + std::to_string(Pseudonyms::kMinKeyBytes) + " bytes");
  }
  return problems;
}

}  // namespace freshet::store
