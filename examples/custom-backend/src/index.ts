export {
  type BackendSqliteOptions,
  backendSqlite,
  backendSqlite as plugin,
  openBackendSqlite,
} from './backend.ts'
