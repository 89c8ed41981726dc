export {
  type BackendLocalOptions,
  backendLocal,
  backendLocal as plugin,
  type OpenLocalOptions,
  openLocalBackend,
} from './backend-local.ts'
export { LOCAL_FAILPOINTS } from './failpoints.ts'
