export { type FilesOptions, filesOf } from './files.ts'
export { KINDS, type Kind, NameProblem, type Names, namesOf } from './names.ts'
export { FolderNotEmpty, writePackage } from './write.ts'
