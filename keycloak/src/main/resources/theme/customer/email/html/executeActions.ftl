<#import "template.ftl" as layout>
<#-- As Keycloak's own, but with an "and" before the last of what is to be done. -->
<#outputformat "plainText">
<#assign actionsText><#list requiredActions![] as action>${msg("requiredAction.${action}")}<#sep><#if action?index == requiredActions?size - 2> ${msg("listAnd")} <#else>, </#if></#sep></#list></#assign>
</#outputformat>
<@layout.emailLayout>
${kcSanitize(msg("executeActionsBodyHtml", link, linkExpiration, realmName, actionsText, linkExpirationFormatter(linkExpiration)))?no_esc}
</@layout.emailLayout>
